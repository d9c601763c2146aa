import { describe, expect, test } from 'vitest'
import { postern } from './run.ts'

describe('providers', () => {
  test.each([
    [
      'stripe',
      /add the URL  Workbench → Webhooks → .+\n +https:\/\/dashboard\.stripe\.com\/webhooks\n +its secret   the Signing secret/,
    ],
    [
      'airtable',
      /add the URL  by its API: POST https:\/\/api\.airtable\.com\/.+\n +its secret   macSecret/,
    ],
    ['shopify', /add the URL  the app's file shopify\.app\.toml.+\n +or by its API: the mutation/],
    ['google-pubsub', /add the URL  the push endpoint .+\n +source       https:/],
  ])('%s: where its URL is added, and its secret found', async (name, told) => {
    const { out } = await postern(['providers', name])
    expect(out).toMatch(told)
    const { out: json } = await postern(['providers', name, '--json'])
    const { setup } = JSON.parse(json) as { setup: Record<string, unknown> }
    expect(out).toContain(`source       ${String(setup['docs'])}`)
  })

  test('behind a gateway: its setup, its secret, and the app that verifies it; one that there is not', async () => {
    const { out } = await postern(['providers', 'github', '--behind', 'hookdeck'])
    expect(out).toMatch(/at the gateway, Hookdeck\n +add the URL {2}a destination of Hookdeck/)
    expect(out).toMatch(/environment +HOOKDECK_GATEWAY_WEBHOOK_SECRET/)
    expect(out).toMatch(/behind\(\s+hookdeckGateway\(.+\),\s+github,\s+\)/)
    for (const [given, told] of [
      ['hookdek', 'did you mean hookdeck?'],
      ['svix', '--behind must be a different provider from svix'],
    ] as const) {
      const { code, err } = await postern(['providers', 'svix', '--behind', given])
      expect([code, err]).toEqual([2, expect.stringContaining(told)])
    }
  })

  test('all hosts, and a host that there is not', async () => {
    const { out } = await postern(['providers', 'stripe', '--host', 'all'])
    for (const host of ['express', 'koa', 'fastify', 'hono', 'next', 'node'])
      expect(out).toContain(`from '@postern/${host}'`)
    expect(out).toContain('fetch: (request: Request) => receiver.fetch(request)')
    const { code, err } = await postern(['providers', 'stripe', '--host', 'rails'])
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('--host must be one of express, hono,'),
    ])
  })
})
