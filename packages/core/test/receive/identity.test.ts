import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { identityOf } from '../../src/receive/identify.ts'
import type { Dedupe } from '../../src/receiver/options.ts'
import type { EventDraft } from '../../src/event.ts'
import type { Provider } from '../../src/provider/provider.ts'
import { acme } from '../acme.ts'
import { createDelivery } from '../../src/receive/http-delivery.ts'

interface Given {
  readonly dedupe?: Dedupe
  readonly tenant?: string
  readonly body?: string
  readonly method?: string
  readonly time?: string
  readonly draft?: Partial<EventDraft>
  readonly at?: number
}

function identity(given: Given = {}): ReturnType<typeof identityOf> {
  const provider: Provider = { ...acme(), signedTime: () => given.time }
  const delivery = createDelivery({
    url: 'https://example.com/hook',
    body: given.body ?? '{}',
    method: given.method ?? 'POST',
  })
  return identityOf(
    {
      context: { dedupe: given.dedupe ?? 'id+digest', provider },
      delivery,
      tenant: given.tenant,
      digest: '',
    },
    { topic: 'ping', payload: {}, ...given.draft },
    given.at ?? 0,
  )
}

describe('id+digest', () => {
  test('guards what was signed, so that another id is a duplicate', () => {
    const one = identity({ draft: { id: 'e1' } })
    const other = identity({ draft: { id: 'e2' } })
    expect(one.key).not.toBe(other.key)
    expect(one.guards).toEqual(other.guards)
    expect(one.guards).toMatchObject([{ otherwise: 'duplicate' }])
  })
})

test('guards of a provider come with the tenant in their key, apart from ids and digests', () => {
  const guards = [{ key: 'token-1', otherwise: 'reject' }] as const
  const of = (tenant: string | undefined, dedupe: Dedupe): ReturnType<typeof identityOf> =>
    identity({ dedupe, ...(tenant && { tenant }), draft: { id: 'token-1', guards } })
  expect(of('t1', 'id').guards).toEqual([{ key: '2:t1!token-1', otherwise: 'reject' }])
  expect(of('t2', 'id').guards).not.toEqual(of('t1', 'id').guards)
  expect(of(undefined, 'id').guards?.[0]?.key).not.toBe(of(undefined, 'id').key)
  expect(of('t1', 'id+digest').guards).toHaveLength(2)
  expect(of('t1', 'none')).toMatchObject({ dedupe: false, guards: undefined })
})

test('a short id that looks like the hash of a long one is another event', () => {
  const long = identity({ dedupe: 'id', draft: { id: 'x'.repeat(257) } }).key
  const alike = identity({ dedupe: 'id', draft: { id: long.slice(1) } }).key
  expect(alike).not.toBe(long)
})

test('a long guard is kept as its hash', () => {
  const guards = [{ key: 'x'.repeat(100_000), otherwise: 'reject' }] as const
  expect(identity({ dedupe: 'id', draft: { guards } }).guards?.[0]?.key).toHaveLength(72)
})

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

// If a new version made other keys, an event that is redelivered after the deploy would run again.
describe('keys stay as they are', () => {
  test.each<[string, Given, Partial<ReturnType<typeof identityOf>>]>([
    ['an id', { dedupe: 'id', draft: { id: 'e1' } }, { key: ':e1', dedupe: true }],
    [
      'a tenant',
      { dedupe: 'id', tenant: 'shop', draft: { id: 'e1' } },
      { key: '4:shop:e1', dedupe: true },
    ],
    ['an empty tenant', { dedupe: 'id', tenant: '', draft: { id: 'e1' } }, { key: '0::e1' }],
    ['a long id', { dedupe: 'id', draft: { id: 'x'.repeat(256) } }, { key: `:${'x'.repeat(256)}` }],
    [
      'a longer id',
      { dedupe: 'id', draft: { id: 'x'.repeat(257) } },
      { key: `:sha256:${sha256('x'.repeat(257))}` },
    ],
    [
      'an id where there could be a digest',
      { dedupe: 'digest', draft: { id: 'e1' } },
      { key: ':e1' },
    ],
    [
      'a digest',
      { dedupe: 'digest', body: '{"a":1}', at: 2 },
      { key: `#${sha256('POST\n\n{"a":1}')}:2`, dedupe: true },
    ],
    [
      'a digest of a URL',
      { dedupe: 'digest', method: 'GET', body: '', tenant: 's' },
      { key: `1:s#${sha256('GET\nhttps://example.com/hook\n')}:0`, dedupe: true },
    ],
    [
      'a signed digest',
      { time: '17', at: 1 },
      {
        key: `#${sha256(JSON.stringify([sha256('POST\n\n{}'), 1, '17', 'ping']))}`,
        dedupe: true,
      },
    ],
    [
      'a signed digest without a time',
      {},
      { key: `#${sha256(JSON.stringify([sha256('POST\n\n{}'), 0, '', 'ping']))}` },
    ],
    [
      'a signed digest beside an id',
      { draft: { id: 'e1' } },
      {
        key: ':e1',
        dedupe: true,
        guards: [
          {
            key: `#${sha256(JSON.stringify([sha256('POST\n\n{}'), 0, '', 'ping']))}`,
            otherwise: 'duplicate',
          },
        ],
      },
    ],
  ])('%s', (_, given, expected) => {
    expect(identity(given)).toMatchObject(expected)
  })
})

test.each<Dedupe>(['id', 'none'])('an event without an id is like no other with %s', (dedupe) => {
  const [one, other] = [identity({ dedupe }), identity({ dedupe })]
  expect([one.dedupe, one.key[0]]).toEqual([false, '~'])
  expect(one.key).not.toBe(other.key)
})
