import { describe, expect, test } from 'vitest'
import { perTenant, WebhookError, type Reply, type SecretOption } from '../../src/index.ts'
import { basic } from '../../src/provider/index.ts'
import { checkSecret } from '../../src/basics/index.ts'
import { acme, codeOf, pinged, setup, throwing } from '../acme.ts'

describe('an invalid secret is rejected when the provider is made', () => {
  test.each<[unknown]>([
    [''],
    [' '],
    ['\t\n'],
    ['\u00a0\ufeff'],
    [undefined],
    [null],
    [42],
    [[]],
    [['good', '']],
    [['good', undefined]],
    [{ secret: '', tenant: 't' }],
    [{ secret: 'good', tenant: '' }],
    [{ secret: 'good' }],
    [[{ secret: [], tenant: 't' }]],
    ['<your-secret>'],
    [' <your-secret> '],
    ['whsec_<your-secret>'],
    ['${WEBHOOK_SECRET}'],
    ['{{ secret }}'],
    ['whsec_${SECRET}'],
    ['whsec_...'],
    ['whsec_…'],
    ['whsec_'],
    ['whsec_xxxxxxxx'],
    ['undefined'],
    ['null'],
    ['good\n'],
    ['\rgood'],
  ])('%o', (secret) => {
    const make = (): unknown => acme({ secret: secret as SecretOption })
    expect(make).toThrow(TypeError)
    expect(make).toThrow('acme: secret')
  })

  test('by the name of its option', () => {
    const make = () => acme({ scheme: basic() as never, given: { credentials: '' } })
    expect(make).toThrow('acme: credentials is empty')
    expect(() => checkSecret('signingSecret', '')).toThrow('signingSecret')
  })

  test('and no authentication at all must be asked for', () => {
    expect(() => acme({ given: { secret: undefined, unauthenticated: undefined } })).toThrow(
      'unauthenticated: true',
    )
    expect(() => acme({ given: { secret: undefined, unauthenticated: false } })).toThrow(
      'unauthenticated: true',
    )
    expect(() => acme({ given: { secret: undefined, unauthenticated: 'yes' } })).toThrow(TypeError)
    expect(acme({ given: { secret: undefined, unauthenticated: true } }).covers).toEqual({
      body: 'none',
    })
  })
})

test.each([
  'secret',
  'test',
  'foo',
  '12345',
  'TEST_WEBHOOK_KEY',
  'a b',
  ' padded ',
  'x<y>z',
  'xxx',
])('a short secret such as %o is taken', async (secret) => {
  const { send } = pinged({ provider: acme({ secret }) })
  expect((await send()).status).toBe(200)
})

describe('rotation', () => {
  test.each([[['old', 'new']], [['new', 'old']]])('%o takes what either signed', async (secret) => {
    const { send } = pinged({ provider: acme({ secret }) })
    expect((await send({ secret: 'old' })).status).toBe(200)
    expect((await send({ secret: 'new' })).status).toBe(200)
    expect(codeOf(await send({ secret: 'other' }))).toBe('signature_mismatch')
  })
})

describe('a resolver', () => {
  const answer = async (secret: SecretOption, signedWith = 'right'): Promise<Reply> => {
    const { receiver } = pinged({ provider: acme({ secret }) })
    const request = acme({ secret: 'right' }).sign!({ payload: {}, secret: signedWith })
    return receiver.receive({ ...request, context: { tenant: 't1' } })
  }

  test.each<[string, SecretOption]>([
    ['at once', () => 'right'],
    ['later', async () => 'right'],
    ['several', () => ['wrong', 'right']],
    ['with a tenant', () => ({ secret: 'right', tenant: 't1' })],
    [
      'by the context',
      ({ context }) => ((context as { tenant: string }).tenant === 't1' ? 'right' : undefined),
    ],
    [
      'by a header',
      (delivery) => (delivery.header('X-ACME-TOPIC') === 'ping' ? 'right' : undefined),
    ],
  ])('gives secrets %s', async (_, secret) => {
    expect((await answer(secret)).status).toBe(200)
    expect(codeOf(await answer(secret, 'wrong-one'))).toBe('signature_mismatch')
  })

  test.each<[string, SecretOption]>([
    ['at once', () => undefined],
    ['later', async () => undefined],
  ])('that knows no such sender, %s, is a 401', async (_, secret) => {
    expect(await answer(secret)).toMatchObject({ status: 401 })
    expect(codeOf(await answer(secret))).toBe('unknown_sender')
  })

  test.each<[string, SecretOption]>([
    ['throws', throwing(new Error('no database'))],
    ['rejects', () => Promise.reject(new Error('no database'))],
    ['rejects with nothing', () => Promise.reject(Object.create(null) as Error)],
    ['gives a blank', () => ' '],
    ['gives an empty one', async () => ''],
    ['gives a template', () => '<secret>'],
    ['gives null', () => null as never],
    ['gives an empty list', () => []],
    ['gives a tenant without a secret', () => ({ tenant: 't1' }) as never],
    ['gives a blank among others', () => ['right', '']],
  ])('that %s is a 503 that asks to come again', async (_, secret) => {
    for (const signedWith of ['right', '']) {
      const reply = signedWith === '' ? await forged(secret) : await answer(secret)
      expect(codeOf(reply)).toBe('secret_unavailable')
      expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    }
  })

  test('may reject with a code of its own', async () => {
    expect(
      codeOf(await answer(throwing(new WebhookError('unknown_sender', 'this tenant has left')))),
    ).toBe('unknown_sender')
  })

  test('is asked once for each delivery', async () => {
    let asked = 0
    const { receiver } = pinged({
      provider: acme({
        secret: () => {
          asked++
          return 'right'
        },
      }),
    })
    for (let at = 0; at < 3; at++)
      await receiver.receive(acme({ secret: 'right' }).sign!({ payload: {} }))
    expect(asked).toBe(3)
  })

  test('leaves signing to drafts that bring a secret', () => {
    const provider = acme({ secret: () => 'right' })
    expect(() => provider.sign!({ payload: {} })).toThrow('sign needs draft.secret')
    expect(() => provider.sign!({ payload: {}, secret: '' })).toThrow('empty')
  })

  /** Sends a delivery signed with an empty key, which anybody could make. */
  async function forged(secret: SecretOption): Promise<Reply> {
    const { createHmac } = await import('node:crypto')
    const { receiver } = pinged({ provider: acme({ secret }) })
    return receiver.receive({
      url: 'https://example.com/',
      body: '{}',
      headers: {
        'content-type': 'application/json',
        'x-acme-topic': 'ping',
        'x-acme-signature': createHmac('sha256', '').update('{}').digest('hex'),
      },
    })
  }
})

describe('perTenant', () => {
  const claimedTenant = ({ url }: { url: string }): string => new URL(url).pathname.slice(1)

  test('asks for no name of more than 1,024 characters', async () => {
    const asked: string[] = []
    const secret = perTenant({ claimedTenant, secrets: (name) => void asked.push(name) })
    const { send } = setup({ provider: acme({ secret }) })
    const url = `https://example.com/${'a'.repeat(1025)}`
    expect(codeOf(await send({ url, secret: 'any' }))).toBe('unknown_sender')
    expect(asked).toEqual([])
  })

  test('names its option where the ttl is none', () => {
    expect(() =>
      perTenant({ claimedTenant, secrets: () => undefined, ttl: 'long' as never }),
    ).toThrow('perTenant.ttl')
  })
})
