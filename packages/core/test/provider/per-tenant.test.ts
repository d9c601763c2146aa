import { setTimeout as turns } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { memoryInbox, perTenant, type Reply, type TenantSecrets } from '../../src/index.ts'
import { acme, setup } from '../acme.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] })
  vi.advanceTimersByTime(1000)
})
afterEach(() => void vi.useRealTimers())

const tenant = ({ url }: { readonly url: string }): string => new URL(url).pathname.slice(1)

type LookUp = (name: string) => Promise<TenantSecrets | undefined> | TenantSecrets | undefined

function receiverOf(
  secrets: LookUp,
  options: Partial<Parameters<typeof perTenant>[0]> = {},
  more: Parameters<typeof setup>[0] = {},
) {
  const secret = perTenant({ claimedTenant: tenant, secrets, ...options })
  const { receiver, heard } = setup({ provider: acme({ secret }), ...more })
  receiver.onAny(() => undefined)
  let number = 0
  const send = (name: string, { key = 'right', id = `e${++number}` } = {}): Promise<Reply> => {
    const signed = acme({ secret: key }).sign!({ id, url: `https://example.com/${name}` })
    return receiver.receive(signed)
  }
  const statuses = async (names: readonly string[]): Promise<readonly number[]> => {
    const replies = []
    for (const name of names) replies.push((await send(name)).status)
    return replies
  }
  return { receiver, secret, heard, send, statuses }
}

const invented = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => `invented-${from + at}`)

const found = (name: string): TenantSecrets | undefined =>
  name.startsWith('invented') ? undefined : { tenant: name, secrets: 'right' }

describe('the tenant', () => {
  test('is that of the look-up: a name in another case is a duplicate of one tenant', async () => {
    const { send, heard } = receiverOf(async (name) => found(name.toLowerCase()))
    for (const name of ['acme', 'ACME', 'Acme', 'aCme']) await send(name, { id: 'one' })
    expect(heard.all('accepted').map(([event]) => event.tenant)).toEqual(['acme'])
  })

  test('stays the same while a key is changed: a redelivery is a duplicate', async () => {
    let secrets: readonly string[] = ['first']
    const { send, heard, secret } = receiverOf(() => ({ tenant: 't1', secrets }))
    expect((await send('acme', { key: 'first', id: 'one' })).status).toBe(200)
    secrets = ['second', 'first']
    secret.forget('acme')
    expect((await send('acme', { key: 'second', id: 'one' })).status).toBe(200)
    secrets = ['second']
    secret.forget('acme')
    expect((await send('acme', { key: 'second', id: 'one' })).status).toBe(200)
    expect((await send('acme', { key: 'first', id: 'one' })).status).toBe(401)
    expect(heard.all('accepted')).toHaveLength(1)
    expect(heard.all('duplicate')).toHaveLength(2)
  })

  test.each<[string, unknown]>([
    ['string', 'right'],
    ['an array', ['right']],
    ['an object without a tenant', { secrets: 'right' }],
    ['an object without a tenant', { tenant: '', secrets: 'right' }],
    ['an object without a tenant', { tenant: 7, secrets: 'right' }],
    ['an object without secrets', { tenant: 'acme' }],
    ['an object without secrets', { tenant: 'acme', secret: 'right' }],
    ['null', null],
    ['number', 5],
  ])('is demanded: %s alone is a 503 that names line and remedy', async (what, value) => {
    for (const secrets of [() => value, async () => value]) {
      const { send, heard } = receiverOf(secrets as LookUp)
      expect((await send('acme')).status).toBe(503)
      const [, error] = heard.all('rejected')[0]!
      expect(error.code).toBe('secret_unavailable')
      expect(error.text).toContain(
        `perTenant.secrets: must return { tenant, secrets } or undefined, got ${what} at `,
      )
      expect(error.text).toMatch(/per-tenant\.test\.ts:\d+:\d+; return \{ tenant: tenant\.id, /)
    }
  })
})

describe('known tenants', () => {
  test('are looked up beside any number of invented ones', async () => {
    const { statuses } = receiverOf(async (name) => found(name), { perMinute: 20, ttl: '1s' })
    expect(await statuses(['known'])).toEqual([200])
    for (let second = 0; second < 20; second++) {
      await statuses(invented(100, second * 100))
      // The receiver remembers a look-up for `ttl` plus 60 s at most, which is less than 62 s.
      vi.advanceTimersByTime(62_000)
      await statuses(invented(100, 10_000 + second * 100))
      expect(await statuses(['known'])).toEqual([200])
    }
  })

  test('are those of whom a delivery was verified: other spellings drain no bucket of theirs', async () => {
    const { send, statuses } = receiverOf(async (name) => found(name.toLowerCase()), {
      perMinute: 20,
      ttl: '1s',
      max: 3,
    })
    expect(await statuses(['acme'])).toEqual([200])
    vi.advanceTimersByTime(62_000)
    const spellings = Array.from({ length: 16 }, (_, bits) =>
      'acme'
        .split('')
        .map((one, at) => ((bits >> at) & 1 ? one.toUpperCase() : one))
        .join(''),
    ).slice(1)
    for (let round = 0; round < 10; round++)
      for (const spelling of spellings) await send(spelling, { key: 'forged' })
    expect(await statuses(['acme'])).toEqual([200])
  })

  test('are known after a restart, if the inbox has records', async () => {
    const inbox = memoryInbox({ max: 1000, dedupeWindow: '1d' })
    const bounds = { perMinute: 20 }
    const first = receiverOf(async (name) => found(name), bounds, { inbox })
    expect(await first.statuses(['known'])).toEqual([200])
    await first.receiver.close()
    const second = receiverOf(async (name) => found(name), bounds, { inbox })
    expect(new Set(await second.statuses(invented(50)))).toEqual(new Set([401, 503]))
    expect(await second.statuses(['known'])).toEqual([200])
  })
})

describe('an aged answer', () => {
  /** Creates a tenant whose first look-up succeeds. Later look-ups hang until the test answers them. */
  async function aging() {
    let answers: PromiseWithResolvers<TenantSecrets | undefined>[] = []
    let first = true
    const all = receiverOf(
      (name) => {
        if (first) {
          first = false
          return found(name)
        }
        const answer = Promise.withResolvers<TenantSecrets | undefined>()
        answers.push(answer)
        return answer.promise
      },
      { ttl: '30s' },
    )
    expect(await all.statuses(['acme'])).toEqual([200])
    return { ...all, answers: () => answers, last: () => answers.at(-1)! }
  }

  test('serves while it is renewed', async () => {
    const { statuses, answers, last } = await aging()
    vi.advanceTimersByTime(30_001)
    expect(await statuses(['acme', 'acme'])).toEqual([200, 200])
    expect(answers()).toHaveLength(1)
    last().reject(new Error('no database'))
    await turns(1)
    expect(await statuses(['acme'])).toEqual([200])
    expect(answers()).toHaveLength(2)
    last().resolve({ tenant: 'acme', secrets: 'new' })
    await turns(1)
    expect(await statuses(['acme'])).toEqual([401])
  })

  test('ends 60 seconds after its ttl', async () => {
    const { statuses, send, last } = await aging()
    vi.advanceTimersByTime(89_999)
    expect(await statuses(['acme'])).toEqual([200])
    vi.advanceTimersByTime(1)
    const waiting = send('acme')
    last().reject(new Error('no database'))
    expect((await waiting).status).toBe(503)
  })

  test('ends at once if there is no such tenant any more', async () => {
    const { statuses, last } = await aging()
    vi.advanceTimersByTime(30_001)
    expect(await statuses(['acme'])).toEqual([200])
    last().resolve(undefined)
    await turns(1)
    expect(await statuses(['acme'])).toEqual([401])
  })

  test('ends at once if it is forgotten, for deliveries that wait too', async () => {
    const { secret, send, answers } = await aging()
    secret.forget('acme')
    const waiting = send('acme', { key: 'revoked' })
    await turns(1)
    expect(answers()).toHaveLength(1)
    secret.forget('acme')
    answers()[0]!.resolve({ tenant: 'acme', secrets: 'revoked' })
    await turns(1)
    expect(answers()).toHaveLength(2)
    answers()[1]!.resolve({ tenant: 'acme', secrets: 'right' })
    expect((await waiting).status).toBe(401)
    expect((await send('acme')).status).toBe(200)
  })
})

test('forget ends an answer that there is no such tenant', async () => {
  let there = false
  const { statuses, secret } = receiverOf(() => (there ? found('acme') : undefined))
  expect(await statuses(['acme'])).toEqual([401])
  there = true
  expect(await statuses(['acme'])).toEqual([401])
  secret.forget('acme')
  expect(await statuses(['acme'])).toEqual([200])
})

test('a tenant that spells its name in many ways takes the bounds of no other', async () => {
  const { statuses } = receiverOf(async (name) => found(name.toLowerCase()), {
    max: 60,
    perMinute: 200,
  })
  const known = Array.from({ length: 20 }, (_, at) => `tenant-${at}`)
  const all = (status: number, count: number): readonly number[] =>
    Array.from({ length: count }, () => status)
  expect(await statuses(known)).toEqual(all(200, 20))
  const spellings = Array.from({ length: 150 }, (_, at) =>
    Array.from('loudloud')
      .map((char, bit) => ((at >> bit) & 1 ? char.toUpperCase() : char))
      .join(''),
  )
  expect(await statuses(spellings)).toEqual(all(200, 150))
  vi.advanceTimersByTime(180_000)
  expect(await statuses(invented(300))).toContain(503)
  expect(await statuses(known)).toEqual(all(200, 20))
})
