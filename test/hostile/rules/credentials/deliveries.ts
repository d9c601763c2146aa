import type { DeliveryInit } from '@postern/core'
import type { About } from '@postern/core/scheme'
import { catalogue } from '@postern/providers/catalogue'
import { vectors } from '../../../../packages/providers/test/vectors.ts'

/** Secret that must not be found anywhere, as text and in HTTP Basic authentication. */
export const MARK = 'CANARY-3f9c1e7a'
const MARKS: readonly string[] = [
  MARK,
  ...[0, 1, 2].map((pad) =>
    // A text has three base64 forms, by its offset.
    Buffer.from(`${'x'.repeat(pad)}${MARK}`)
      .toString('base64')
      .slice(pad + 1, -4),
  ),
]

/** Delivery that contains a secret, and its provider. */
export interface Carrying {
  readonly sender: string
  readonly delivery: DeliveryInit
  /** True if no signer can create the delivery, because it is a challenge or only the provider creates it. */
  readonly unsigned?: true
}

/** Returns the deliveries of all providers that send their secret. {@link MARK} replaces the secret. */
export function carryingDeliveries(): readonly Carrying[] {
  return [...composed(), ...fromSenders()]
}

function* fromSenders(): Generator<Carrying> {
  for (const about of catalogue.values()) {
    const extras = [{}, ...vectors(about.name).map(({ extra }) => extra ?? {})]
    const seen = new Set<string>()
    for (const extra of extras)
      for (const option of Object.keys(about.options))
        for (const value of [MARK, `user:${MARK}`]) {
          const delivery = signed(about, { ...extra, [option]: value })
          const text = delivery && textOf(delivery)
          if (text === undefined || seen.has(text) || !carries(text)) continue
          seen.add(text)
          yield { sender: about.name, delivery: delivery! }
        }
  }
}

function signed(about: About, options: object): DeliveryInit | undefined {
  try {
    return about.create(options).sign?.({ payload: {} })
  } catch {
    // The secret needs another format, or options are missing. Another variant of the provider works.
    return undefined
  }
}

// Requests that no signer creates: challenges, and messages that only the provider creates.
function composed(): readonly Carrying[] {
  const url = 'https://example.com/hook'
  const post = (
    sender: string,
    delivery: Omit<DeliveryInit, 'url'> & { url?: string },
  ): Carrying => ({
    sender,
    delivery: { url, ...delivery },
    unsigned: true,
  })
  const json = { 'content-type': 'application/json' }
  return [
    post('asana', { headers: { ...json, 'x-hook-secret': MARK }, body: '{}' }),
    post('meta', {
      method: 'GET',
      url: `${url}?hub.mode=subscribe&hub.challenge=1&hub.verify_token=${MARK}`,
    }),
    post('notion', { headers: json, body: `{"verification_token":"${MARK}"}` }),
    post('microsoft-graph', {
      headers: json,
      body: `{"value":[{"clientState":"${MARK}","changeType":"created"}],"validationTokens":["${MARK}"]}`,
    }),
    post('salesforce-outbound', {
      headers: { 'content-type': 'text/xml' },
      body: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><notifications><OrganizationId>00D000000000000EAA</OrganizationId><SessionId>${MARK}</SessionId></notifications></s:Body></s:Envelope>`,
    }),
    post('figma', { headers: json, body: `{"passcode":"${MARK}","event_type":"PI` }),
  ]
}

function textOf({ url, headers, body }: DeliveryInit): string {
  const lines = JSON.stringify(headers ?? {})
  return `${url}\n${lines}\n${typeof body === 'string' ? body : Buffer.from(body ?? []).toString('latin1')}`
}

export function carries(text: string): boolean {
  return MARKS.some((mark) => text.includes(mark))
}
