import { describe, expect, test } from 'vitest'
import { keysOf } from '../../src/provider/key-forms.ts'
import { createDelivery } from '../../src/index.ts'
import {
  hmac,
  standardWebhooksScheme,
  type KeyEncoding,
  type Scheme,
} from '../../src/provider/index.ts'
import { keyForms } from '../../src/basics/index.ts'
import { acme, setup } from '../acme.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw=='
const both = standardWebhooksScheme({ keys: ['text', 'decoded'] })

describe('a sender that has changed how it makes keys', () => {
  test.each<[string, Scheme<never>, Scheme<never>[]]>([
    [
      'Standard Webhooks',
      both as never,
      [
        standardWebhooksScheme({ keys: ['text'] }) as never,
        standardWebhooksScheme({ keys: ['decoded'] }) as never,
      ],
    ],
    [
      'HMAC',
      encodings(['utf8', 'hex', 'base64']),
      [encodings('utf8'), encodings('hex'), encodings('base64')],
    ],
  ])('%s: each of its keys verifies, with the tenant of its secret', async (_, scheme, each) => {
    const secrets = ['another00', 'abcdef0123456789'].map((secret, at) => ({
      secret,
      tenant: `tenant-${at}`,
    }))
    const { receiver, heard } = setup({ provider: acme({ scheme, secret: secrets }) })
    receiver.onAny(() => undefined)
    for (const one of each) {
      const sent = acme({ scheme: one, secret: secrets[1]! }).sign!({
        headers: { 'webhook-id': 'm1' },
        payload: { at: each.indexOf(one) },
      })
      expect((await receiver.receive(sent)).status).toBe(200)
    }
    expect(heard.all('accepted').map(([event]) => event.tenant)).toEqual(each.map(() => 'tenant-1'))
    await receiver.close()
  })

  test('signs with the first alone, though all are in force', () => {
    const signed = acme({ scheme: both as never, secret: SECRET }).sign!({
      headers: { 'webhook-id': 'm1' },
    })
    expect(signed.headers['webhook-signature']).toMatch(/^v1,\S+$/)
    const rotated = acme({ scheme: both as never, secret: [SECRET, 'b3RoZXI='] }).sign!({
      headers: { 'webhook-id': 'm1' },
    })
    expect(rotated.headers['webhook-signature']!.split(' ')).toHaveLength(2)
  })

  test('a rejection counts secrets, not keys', async () => {
    const { receiver, heard } = setup({ provider: acme({ scheme: both as never, secret: SECRET }) })
    receiver.onAny(() => undefined)
    const sent = acme({ scheme: both as never, secret: 'b3RoZXI=' }).sign!({
      headers: { 'webhook-id': 'm1' },
    })
    expect((await receiver.receive(sent)).status).toBe(401)
    expect(heard.all('rejected')[0]![1]).toMatchObject({ problem: 'differs', got: 1 })
    await receiver.close()
  })
})

describe('ways to make a key', () => {
  const forms = keyForms<string>([
    (secret) => {
      if (secret.length < 4) throw new TypeError('the secret must have 4 characters')
      return `long:${secret}`
    },
    (secret) => {
      if (secret.includes('!')) throw new TypeError('the secret must have no !')
      return `plain:${secret}`
    },
  ])
  const scheme = { ...(hmac({ header: 'x' }) as Scheme<unknown>), ...forms } as Scheme<string>

  test.each([
    ['abcd', ['long:abcd', 'plain:abcd']],
    ['abc', ['plain:abc']],
    ['abc!', ['long:abc!']],
  ])('that can read %s count', (secret, keys) => {
    expect(keysOf(scheme, secret)).toEqual(keys)
    expect(scheme.key(secret)).toBe(keys[0])
  })

  test('fail with the error of the first if none can', () => {
    expect(() => keysOf(scheme, 'a!')).toThrow('the secret must have 4 characters')
  })

  test('are one, the one of key, for other schemes', () => {
    const plain = hmac({ header: 'x' })
    expect(keysOf(plain, 'abc').map((key) => String(Buffer.from(key)))).toEqual(['abc'])
    expect(keysOf(plain, 'abc')).toHaveLength(1)
  })
})

function encodings(keyEncoding: KeyEncoding | readonly KeyEncoding[]): Scheme<never> {
  return hmac({ header: 'X-Acme-Signature', keyEncoding }) as never
}

test('the text of a secret that does not decode is still a key', () => {
  const message = { method: 'POST', url: 'https://example.com', headers: { 'webhook-id': 'm' } }
  const request = { ...message, body: new Uint8Array() }
  const now = 1_789_000_000_000
  const sent = both.sign!(request, both.key('polar_whs_!'), now)
  expect(both.verify(createDelivery(sent), keysOf(both, 'polar_whs_!'), now)).toBe(0)
})
