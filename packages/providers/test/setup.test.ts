import { describe, expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'

// Addresses of senders outside the domain of `docs`, such as dashboards and repositories.
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'azure-event-grid': ['portal.azure.com'],
  bitbucket: ['api.bitbucket.org'],
  datadog: ['github.com/DataDog/'],
  mailgun: ['github.com/mailgun/'],
  'microsoft-graph': ['graph.microsoft.com'],
  notion: ['www.notion.so'],
  paddle: ['github.com/PaddleHQ/'],
  postmark: ['github.com/ActiveCampaign/'],
  resend: ['github.com/resend/'],
  sendgrid: ['github.com/twilio/'],
  'sendgrid-inbound-parse': ['github.com/twilio/'],
  slack: ['api.slack.com'],
  trello: ['api.trello.com'],
  twilio: ['github.com/twilio/'],
  workos: ['github.com/workos/'],
  xero: ['github.com/XeroAPI/'],
}

/** Returns the last two labels of the host name: `stripe.com` for `docs.stripe.com`. */
function domainOf(url: string): string {
  return new URL(url).hostname.split('.').slice(-2).join('.')
}

describe.each([...catalogue.values()])('$name tells where to register a URL', (about) => {
  const { setup, docs, name, secretOption } = about
  const { steps, url, place, call, secret } = setup!

  test('by menus, in words, or by a call', () => {
    expect(steps ?? place ?? call).toBeDefined()
    if (steps) expect(steps.length).toBeGreaterThan(1)
    if (url !== undefined) expect(steps).toBeDefined()
  })

  test('and where its secret comes from, if it has one', () => {
    expect(secret !== undefined).toBe(secretOption !== undefined)
  })

  test('in texts that fit into a sentence', () => {
    const texts = [...(steps ?? []), place, call, secret].filter((text) => text !== undefined)
    for (const text of texts) {
      expect(text).toMatch(/^\S(?:.*[^\s.:;,])?$/)
      expect(text).not.toMatch(/ {2}|http:/)
      expect(text.split(' ').length).toBeLessThanOrEqual(25)
    }
    for (const step of steps ?? []) expect(step).not.toContain('→')
  })

  test('with addresses of the sender alone', () => {
    const called = /https:\S+/.exec(call ?? '')?.[0]
    const addresses = [setup!.docs, url, called].filter((address) => address !== undefined)
    for (const address of addresses) {
      expect(address).toMatch(/^https:\/\//)
      const { host, pathname } = new URL(address)
      const elsewhere = ELSEWHERE[name]?.some((own) => `${host}${pathname}/`.startsWith(own))
      // Anybody can own a repository on GitHub, so this domain proves nothing.
      const own = host !== 'github.com' && domainOf(address) === domainOf(docs)
      expect(elsewhere === true || own || address === docs, address).toBe(true)
    }
  })
})
