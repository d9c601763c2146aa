import { generateKeyPairSync } from 'node:crypto'
import type { Provider } from '@postern/core/scheme'
import type { SignableRequest } from '@postern/core/scheme'
import {
  discord,
  github,
  hubspot,
  mailgun,
  shopify,
  slack,
  square,
  standardWebhooks,
  stripe,
  svix,
  twilio,
  zoom,
} from '@postern/providers'

/** One delivery as its sender made it, and how to make its provider with other options. */
export interface Sealed {
  readonly sender: string
  readonly secret: string
  /** Another secret that the sender may have given. */
  readonly other: string
  readonly request: SignableRequest
  /** The provider with another secret, or with more options. */
  readonly provider: (secret?: string | readonly string[], options?: object) => Provider
  /** Signs another request of the same sender. */
  readonly sign: (
    body: string | Uint8Array,
    more?: { readonly url?: string; readonly headers?: Record<string, string> },
  ) => SignableRequest
}

export const NOW: number = Date.parse('2026-11-25T12:00:00.250Z')

const PAYLOAD = {
  zebra: 'first, so that keys are not sorted',
  id: 'evt_1',
  type: 'invoice.paid',
  event: 'meeting.started',
  text: 'Grüße & <b>tea</b>, it\'s "5/6" café',
  url: 'https://example.com/a/b?c=d',
  amount: 1099,
  rate: 0.25,
  nested: { list: [1, 2, { deep: true }], none: null, empty: {}, array: [] },
}

/** JSON as different senders write it. */
const WRITERS: Readonly<Record<string, string>> = {
  compact: JSON.stringify(PAYLOAD),
  indented: JSON.stringify(PAYLOAD, null, 2),
  python: escapeBeyond(spaced(JSON.stringify(PAYLOAD))),
  php: escapeBeyond(JSON.stringify(PAYLOAD)).replaceAll('/', '\\/'),
  go: JSON.stringify(PAYLOAD)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026'),
  line: `${JSON.stringify(PAYLOAD, null, 4)}\n`,
}

/** JSON with a space after commas and colons outside strings. */
function spaced(json: string): string {
  return json.replaceAll(
    /("(?:[^"\\]|\\.)*")|([:,])/g,
    (_all, text?: string, mark?: string) => text ?? `${mark} `,
  )
}

function escapeBeyond(json: string): string {
  return json.replaceAll(
    /[^\0-\x7F]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const { privateKey } = generateKeyPairSync('ed25519')
const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d!, 'base64url').toString('hex')
const standard = `whsec_${Buffer.from('a key of twenty-four byte').toString('base64')}`

type Make = (options: object) => Provider

const SENDERS: readonly (readonly [string, string, string, Make, string])[] = [
  ['stripe', 'secret', 'whsec_4fZ1mQp8Rk2sVt6x', stripe as Make, 'indented'],
  ['github', 'secret', 'it is a secret of GitHub 77', github as Make, 'compact'],
  ['shopify', 'secret', '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', shopify as Make, 'php'],
  ['slack', 'signingSecret', '8f742231b10e8888abcd99yyyzzz85a5', slack as Make, 'compact'],
  ['twilio', 'authToken', '12345678901234567890123456789012', twilio as Make, 'compact'],
  ['standard-webhooks', 'secret', standard, standardWebhooks as Make, 'python'],
  ['svix', 'secret', standard, svix as Make, 'go'],
  ['mailgun', 'signingKey', 'key-3ax6xnjp29jd6fds4gc373sgvjxteol0', mailgun as Make, 'compact'],
  ['square', 'signatureKey', 'asdf1234ASDF5678qwer', square as Make, 'compact'],
  ['discord', 'publicKey', `private:${seed}`, discord as Make, 'python'],
  ['zoom', 'secretToken', 'aBcDeFgHiJkLmNoPqRsTuV', zoom as Make, 'line'],
  ['hubspot', 'clientSecret', '11111111-2222-3333-4444-555555555555', hubspot as Make, 'compact'],
]

/** One delivery of each sender. */
export function sealedOf(): readonly Sealed[] {
  return SENDERS.map(([sender, option, secret, make, writer]) => {
    const provider: Sealed['provider'] = (other = secret, options = {}) =>
      make({ [option]: other, ...options })
    const sign: Sealed['sign'] = (body, more = {}) =>
      provider().sign!({
        body,
        at: NOW,
        id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
        url: 'https://hooks.example.com/in/here?b=2&a=1&c=x%20y',
        ...more,
      })
    const request =
      sender === 'twilio'
        ? sign('Body=Hi+there&MessageSid=SM1&From=%2B15550100', {
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
          })
        : sign(WRITERS[writer]!)
    const other = /standard|svix/.test(sender)
      ? `whsec_${Buffer.from('another key of the length').toString('base64')}`
      : sender === 'discord'
        ? `private:${seed.slice(2)}00`
        : `another${secret.slice(7)}Q`
    return { sender, secret, other, request, provider, sign }
  })
}

/** The signature header of a delivery: the one that differs with another secret; empty if none does. */
export function signatureHeader({ request, other, provider }: Sealed): string {
  const { sign } = provider(other)
  const names = Object.keys(request.headers)
  const signed = sign!({ ...request, body: request.body, at: NOW }).headers
  return names.find((name) => signed[name] !== request.headers[name]) ?? ''
}
