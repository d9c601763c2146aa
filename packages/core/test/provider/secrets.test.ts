import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  perTenant,
  WebhookError,
  type TenantSecrets,
  type Reply,
  type SecretOption,
} from '../../src/index.ts'
import { basic } from '../../src/provider/index.ts'
import { checkSecret } from '../../src/basics/index.ts'
import { acme, codeOf, gate, pinged } from '../acme.ts'

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
    [
      'throws',
      () => {
        throw new Error('no database')
      },
    ],
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
      codeOf(
        await answer(() => {
          throw new WebhookError('unknown_sender', 'this tenant has left')
        }),
      ),
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
    expect(() => provider.sign!({ payload: {} })).toThrow('sign needs a secret in its draft')
    expect(() => provider.sign!({ payload: {}, secret: '' })).toThrow('empty')
  })

  /** A delivery signed with the HMAC of an empty key: what a blank secret would let anybody make. */
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
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'Date'] })
    vi.advanceTimersByTime(1000)
  })
  afterEach(() => void vi.useRealTimers())

  const tenant = (delivery: { url: string }): string | undefined =>
    new URL(delivery.url).pathname.slice(1) || undefined
  const send = (receiver: ReturnType<typeof pinged>['receiver'], name: string): Promise<Reply> =>
    receiver.receive(
      acme({ secret: `secret-of-${name}` }).sign!({
        payload: {},
        id: 'e1',
        url: `https://example.com/${name}`,
      }),
    )

  test('remembers secrets for its ttl, and gives events their tenant', async () => {
    const asked: string[] = []
    const secret = perTenant({
      claimedTenant: tenant,
      secrets: async (name) => {
        asked.push(name)
        return name.startsWith('known')
          ? { tenant: name, secrets: [`secret-of-${name}`, 'older'] }
          : undefined
      },
      ttl: '30s',
    })
    const { receiver, heard } = pinged({ provider: acme({ secret }) })
    expect((await send(receiver, 'known1')).status).toBe(200)
    expect((await send(receiver, 'known1')).status).toBe(200)
    expect((await send(receiver, 'known2')).status).toBe(200)
    for (let at = 0; at < 2; at++) expect(codeOf(await send(receiver, 'no'))).toBe('unknown_sender')
    expect(codeOf(await send(receiver, ''))).toBe('unknown_sender')
    expect(asked).toEqual(['known1', 'known2', 'no'])
    expect(heard.all('accepted').map(([event]) => event.tenant)).toEqual(['known1', 'known2'])
    await vi.advanceTimersByTimeAsync(30_002)
    await send(receiver, 'known1')
    await send(receiver, 'no')
    expect(asked).toEqual(['known1', 'known2', 'no', 'known1', 'no'])
  })

  test('makes look-ups that overlap once, and remembers no failure', async () => {
    let asked = 0
    let found = gate<TenantSecrets>()
    const secret = perTenant({
      claimedTenant: tenant,
      secrets: () => {
        asked++
        return found.opened
      },
    })
    const { receiver } = pinged({ provider: acme({ secret }) })
    const both = [send(receiver, 'a'), send(receiver, 'a')]
    found.fail(new Error('no database'))
    for (const reply of await Promise.all(both)) expect(reply.status).toBe(503)
    expect(asked).toBe(1)
    found = gate()
    const again = send(receiver, 'a')
    found.open({ tenant: 'a', secrets: 'secret-of-a' })
    expect((await again).status).toBe(200)
    expect((await send(receiver, 'a')).status).toBe(200)
    expect(asked).toBe(2)
  })

  test('made-up tenants do not drive known ones out', async () => {
    const asked: string[] = []
    const secret = perTenant({
      claimedTenant: tenant,
      secrets: (name) => {
        asked.push(name)
        return name === 'known' ? { tenant: name, secrets: 'secret-of-known' } : undefined
      },
      max: 2,
    })
    const { receiver } = pinged({ provider: acme({ secret }) })
    for (const name of ['known', 'a', 'b', 'c', 'known']) await send(receiver, name)
    expect(asked).toEqual(['known', 'a', 'b', 'c'])
  })

  test('begins some look-ups a minute: one beyond is a 503, never a 401, and known tenants pass', async () => {
    const asked: string[] = []
    const secret = perTenant({
      claimedTenant: tenant,
      secrets: async (name) => {
        asked.push(name)
        return name.startsWith('known') ? { tenant: name, secrets: `secret-of-${name}` } : undefined
      },
      perMinute: 5,
    })
    const { receiver } = pinged({ provider: acme({ secret }) })
    expect((await send(receiver, 'known1')).status).toBe(200)
    for (let at = 0; at < 4; at++)
      expect(codeOf(await send(receiver, `made-up-${at}`))).toBe('unknown_sender')
    expect(codeOf(await send(receiver, 'known2'))).toBe('secret_unavailable')
    expect((await send(receiver, 'known1')).status).toBe(200)
    await vi.advanceTimersByTimeAsync(12_001)
    expect((await send(receiver, 'known2')).status).toBe(200)
    expect(asked).toHaveLength(6)
  })

  test('asks for no name of more than 1,024 characters', async () => {
    const asked: string[] = []
    const secret = perTenant({ claimedTenant: tenant, secrets: (name) => void asked.push(name) })
    const { receiver } = pinged({ provider: acme({ secret }) })
    expect(codeOf(await send(receiver, 'a'.repeat(1025)))).toBe('unknown_sender')
    expect(asked).toEqual([])
  })

  test('names its option where the ttl is none', () => {
    expect(() =>
      perTenant({ claimedTenant: tenant, secrets: () => undefined, ttl: 'long' as never }),
    ).toThrow('perTenant.ttl')
  })
})
