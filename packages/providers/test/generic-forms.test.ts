import { createHmac } from 'node:crypto'
import type { Provider } from '@postern/core/scheme'
import { describe, expect, test } from 'vitest'
import { generic, type GenericOptions } from '../src/generic.ts'
import { deliver } from './deliver.ts'

// Every form of signature that options can describe. This file signs without the package's own code.

const secret = 'generic-secret'
const now = 1_790_000_000_000
const body = '{"id":"e1","type":"a.b"}'
const mac = (
  message: string,
  encoding: 'hex' | 'base64' | 'base64url' = 'hex',
  key: string | Buffer = secret,
): string => createHmac('sha256', key).update(message).digest(encoding)
const base = { secret, eventIdField: 'id' } as const

async function statusOf(
  options: GenericOptions,
  sent: {
    readonly url?: string
    readonly headers?: Record<string, string>
    readonly body?: string
  },
): Promise<number> {
  const provider = generic({ ...base, ...options })
  const request = { url: 'https://example.com/hook', body, ...sent }
  const { statuses } = await deliver(provider, [{ method: 'POST', ...request }], now)
  return statuses[0]!
}

/** Expects that a signed request is accepted, and is rejected after a change of its body. */
async function signs(provider: Provider): Promise<void> {
  const signed = provider.sign!({ topic: 'a.b', id: 'e1', at: now })
  const changed = { ...signed, body: Buffer.from(`${Buffer.from(signed.body).toString()} `) }
  const { statuses, events } = await deliver(provider, [signed, changed], now)
  expect(statuses).toEqual([200, provider.covers.body === 'none' ? 200 : 401])
  expect(events[0]).toMatchObject({ topic: 'a.b', id: 'e1' })
}

const t = String(now / 1000)
const iso = '2026-09-21T14:13:20.000'
const forms: readonly (readonly [string, GenericOptions, Parameters<typeof statusOf>[1]])[] = [
  [
    'groups of pairs',
    { scheme: 'hmac', header: 'X-Sig', pairs: { groups: ' ' } },
    { headers: { 'x-sig': `t=${t},v1=${mac('x')} t=${t},v1=${mac(`${t}.${body}`)}` } },
  ],
  [
    'a date without a zone',
    { scheme: 'hmac', header: 'X-Sig', timestampHeader: 'X-Time', timestampUnit: 'iso' },
    { headers: { 'x-time': iso, 'x-sig': mac(`${iso}.${body}`) } },
  ],
  [
    'a time of any kind',
    { scheme: 'hmac', header: 'X-Sig', timestampHeader: 'X-Time', timestampUnit: 'any' },
    { headers: { 'x-time': 'Monday', 'x-sig': mac(`Monday.${body}`) } },
  ],
  [
    'query and headers in the message',
    { scheme: 'hmac', header: 'X-Sig', message: '[{header:x-no};][{lower:query:q};]{body}' },
    { url: 'https://example.com/hook?q=Q', headers: { 'x-sig': mac(`q;${body}`) } },
  ],
  [
    'several signatures in one header',
    { scheme: 'hmac', header: 'X-Sig', several: ',', encoding: 'base64' },
    { headers: { 'x-sig': `${mac('x', 'base64')}, ${mac(body, 'base64')}` } },
  ],
  [
    'several headers',
    { scheme: 'hmac', header: ['X-New', 'X-Old'] },
    { headers: { 'x-old': mac(body) } },
  ],
  [
    'the query',
    { scheme: 'hmac', param: 'signature' },
    { url: `https://example.com/hook?signature=${mac(body)}` },
  ],
  [
    'a key in hex',
    { secret: '00ff', scheme: 'hmac', header: 'X-Sig', keyEncoding: 'hex' },
    { headers: { 'x-sig': mac(body, 'hex', Buffer.from('00ff', 'hex')) } },
  ],
  [
    'a member of the body',
    { scheme: 'field-token', field: 'auth.token' },
    { body: '{"id":"e1","type":"a.b","auth":{"token":"generic-secret"}}' },
  ],
  [
    'Standard Webhooks under own names',
    {
      secret: Buffer.from(secret).toString('base64'),
      scheme: 'standard-webhooks',
      headers: { id: 'Own-Id', timestamp: 'Own-Time', signature: 'Own-Sig' },
    },
    {
      headers: {
        'own-id': 'm1',
        'own-time': t,
        'own-sig': `v1,${mac(`m1.${t}.${body}`, 'base64')}`,
      },
    },
  ],
]

describe.each(forms)('%s', (_name, options, sent) => {
  test('is taken, and rejected with another secret', async () => {
    expect(await statusOf(options, sent)).toBe(200)
    expect(await statusOf({ ...options, secret: 'aaaa' }, sent)).toBe(401)
  })

  test('is signed', async () => {
    if (options.scheme === 'standard-webhooks') {
      const provider = generic({ ...base, ...options, eventIdHeader: 'own-id' })
      return signs(provider)
    }
    return signs(generic({ ...base, ...options }))
  })
})

test('groups of pairs with two times are rejected: which of them counts is nobody’s choice', async () => {
  const header = `t=${t},v1=${mac(`${t}.${body}`)} t=1,v1=${mac(`1.${body}`)}`
  const options = { scheme: 'hmac', header: 'X-Sig', pairs: { groups: ' ' } } as const
  expect(await statusOf(options, { headers: { 'x-sig': header } })).toBe(401)
})

describe('places', () => {
  const token = { secret, scheme: 'bearer' } as const

  test('several members make a topic and an id, and sign puts them back', async () => {
    const provider = generic({
      ...token,
      itemsField: 'events',
      topicField: ['resource_type', 'action'],
      eventIdField: ['links.a', 'n'],
    })
    const signed = provider.sign!({ topic: 'payments.paid.out', id: '7:8', payload: { more: 1 } })
    expect(JSON.parse(Buffer.from(signed.body).toString())).toEqual({
      events: [
        { resource_type: 'payments', action: 'paid.out', links: { a: '7' }, n: '8', more: 1 },
      ],
    })
    const { events } = await deliver(provider, [signed])
    expect(events).toMatchObject([{ topic: 'payments.paid.out', id: '7:8' }])
  })

  test('an event without the member that is named as its topic is missing_topic', async () => {
    const provider = generic({ ...token, topicField: 'event' })
    const signed = generic({ ...token }).sign!({ payload: { type: 'a' } })
    const { codes, events } = await deliver(provider, [signed])
    expect([codes, events]).toEqual([['missing_topic'], []])
    const usual = await deliver(generic(token), [generic(token).sign!({ body: '{}' })])
    expect(usual.events).toMatchObject([{ topic: 'event' }])
  })
})
