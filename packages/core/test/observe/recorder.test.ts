import { afterEach, expect, test, vi } from 'vitest'
import {
  causeOf,
  createSeal,
  isSealed,
  openKept,
  type JournalBatch,
} from '../../src/inbox/engine/index.ts'
import type { Arrival, Inbox } from '../../src/inbox/index.ts'
import { memoryInbox, textReply, WebhookError, type ReceiverOptions } from '../../src/index.ts'
import { acme, batches, setup, throwing, type Setup } from '../acme.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const NOW = Date.parse('2026-11-26T10:00:30Z')
const MINUTE = Date.parse('2026-11-26T10:00:00Z')

interface Scene extends Setup {
  /** A memory inbox whose journal records each write in `written`. Writes fail while `state.down` is true. */
  readonly inbox: Inbox
  readonly written: JournalBatch[]
  readonly state: { down: boolean }
  readonly rows: () => Promise<readonly Arrival[]>
}

/** Creates a receiver that writes its journal in `runDue`. On its clock, each signed delivery takes 12 ms. */
function scene({
  inboxWith,
  clock: given,
  ...options
}: Partial<ReceiverOptions> & { inboxWith?: Partial<Inbox> } = {}): Scene {
  const memory = memoryInbox()
  const written: JournalBatch[] = []
  const state = { down: false }
  const write = (batch: JournalBatch): void => {
    written.push(batch)
    if (state.down) throw new Error('the disk is full')
  }
  const inbox: Inbox = { ...memory, journal: { ...memory.journal!, write }, ...inboxWith }
  let elapsed = 0
  const made = setup({
    provider: acme({ check: () => void (elapsed += 12), claims: 'x-acme-id' }),
    inbox,
    worker: 'onDemand',
    clock: { now: () => NOW, monotonic: () => elapsed, ...given },
    ...options,
  })
  const rows = async (): Promise<readonly Arrival[]> => {
    await made.receiver.runDue()
    return written.flatMap(({ arrived }) => arrived)
  }
  return { ...made, inbox, written, state, rows }
}

test('the row of a delivery that was accepted, and of its duplicate', async () => {
  const { receiver, send, rows } = scene()
  receiver.on('ping', () => {})
  for (let twice = 0; twice < 2; twice++)
    await send({ id: 'e1', url: 'https://example.com/in?token=t' })
  const row = {
    id: expect.stringMatching(`^0${NOW.toString(36)}001[\\da-z]{6}$`) as string,
    at: NOW,
    receiver: 'acme',
    provider: 'acme',
    method: 'POST',
    path: '/in',
    outcome: 'accepted',
    verified: true,
    status: 200,
    took: 12,
    bytes: 2,
    topics: ['ping'],
    ids: ['e1'],
    keys: [':e1'],
  }
  const [first, second] = await rows()
  expect(first).toEqual(row)
  expect(second).toEqual({
    ...row,
    id: `${first!.id.slice(0, 9)}002${first!.id.slice(12)}`,
    outcome: 'duplicate',
  })
})

test.each([0.5, 0.123456789, 0])(
  'ids have one length, whatever number a process drew: %d',
  async (drawn) => {
    vi.spyOn(Math, 'random').mockReturnValue(drawn)
    const { send, rows } = scene({ clock: { now: () => 5 } })
    await send()
    expect((await rows())[0]!.id).toMatch(/^000000005001[\da-z]{6}$/)
  },
)

test('the row of a rejected delivery has its code, its reason and the id that it claims', async () => {
  const { send, rows } = scene({
    provider: acme({
      claims: 'x-acme-id',
      check: throwing(new WebhookError('unknown_sender', 'r'.repeat(600))),
    }),
  })
  await send({ id: 'i'.repeat(300) })
  expect(await rows()).toMatchObject([
    {
      outcome: 'rejected',
      verified: false,
      status: 401,
      code: 'unknown_sender',
      reason: 'r'.repeat(500),
      topics: [],
      ids: ['i'.repeat(256)],
      keys: [],
    },
  ])
})

test.each([
  ['its provider names no header for it', {}, { id: 'e1' }],
  ['the header is missing', { claims: 'x-acme-id' }, {}],
])('a rejected delivery claims no id if %s', async (_, spec, draft) => {
  const { send, rows } = scene({ provider: acme(spec) })
  await send({ ...draft, body: '{' })
  expect(await rows()).toMatchObject([{ code: 'malformed_body', ids: [] }])
})

test('the row of what an adapter rejected has neither id nor body', async () => {
  const { receiver, rows } = scene()
  receiver.reject(
    { method: 'POST', url: 'https://example.com/in' },
    new WebhookError('body_timeout', 'too slow'),
  )
  const [row] = await rows()
  expect(row).toMatchObject({ code: 'body_timeout', path: '/in', bytes: 0, ids: [] })
  expect(row).not.toHaveProperty('kept')
})

test.each<[string, Record<string, string>, boolean]>([
  ['GET', {}, true],
  ['HEAD', {}, true],
  ['POST', {}, false],
  ['POST', { 'content-length': '0' }, true],
  ['GET', { 'content-length': '1' }, false],
  ['GET', { 'transfer-encoding': 'chunked' }, false],
])(
  '%s with %j that an adapter rejected: its head is all of it: %s',
  async (method, headers, whole) => {
    const { receiver, rows } = scene()
    const error = new WebhookError('signature_mismatch', 'no')
    receiver.reject({ method, url: '/', headers }, error)
    expect((await rows()).map(({ kept }) => kept !== undefined)).toEqual([whole])
  },
)

test.each<[string, string | Uint8Array | undefined, string | undefined]>([
  ['text', 'pong', 'pong'],
  ['a long text', 'p'.repeat(5000), 'p'.repeat(4096)],
  ['an empty text', '', undefined],
  ['bytes', Buffer.from('pong'), undefined],
])('of the reply, a row keeps what is text: %s', async (_, body, kept) => {
  const greet = () => ({ status: 201, ...(body !== undefined && { body }) })
  const { send, rows } = scene({ provider: acme({ greet }) })
  await send()
  const [row] = await rows()
  expect(row).toMatchObject({ outcome: 'handshake', verified: false, status: 201 })
  expect(row!.replyBody).toBe(kept)
})

test.each<[string, object[], Partial<Arrival>]>([
  ['none', [], { outcome: 'unhandled', topics: [], ids: [], keys: [] }],
  ['one without an id', [{ topic: 'a' }], { topics: ['a'], ids: [] }],
  [
    'one with a long id',
    [{ topic: 'a', id: 'i'.repeat(256) + 'x' }],
    { topics: ['a'], ids: ['i'.repeat(256)] },
  ],
  [
    'several',
    [{ topic: 'a', id: '1' }, { topic: 'b' }, { topic: 'a', id: '3'.repeat(257) }],
    { topics: ['a', 'b'], ids: ['1', '3'.repeat(256)] },
  ],
  [
    'more than ten',
    Array.from({ length: 11 }, (_, at) => ({ topic: `t${at}`, id: `${at}` })),
    {
      topics: Array.from({ length: 10 }, (_, at) => `t${at}`),
      ids: Array.from({ length: 10 }, (_, at) => `${at}`),
      keys: Array.from({ length: 10 }, (_, at) => `:${at}`),
    },
  ],
])('a row names the events of its delivery: %s', async (_, events, expected) => {
  const { receiver, send, rows } = scene({ provider: batches() })
  receiver.onAny(() => {})
  await send({ payload: events.map((event) => ({ payload: {}, ...event })) })
  expect(await rows()).toMatchObject([expected])
})

test('what a sender listed is marked as unsigned', async () => {
  const { receiver, rows } = scene()
  receiver.on('ping', () => {})
  await receiver.ingest(acme().sign!({ id: 'e1', topic: 'ping', payload: {} }))
  const [row] = await rows()
  expect(row).toMatchObject({
    outcome: 'accepted',
    verified: true,
    unsigned: true,
    status: 0,
    took: 0,
    ids: ['e1'],
  })
})

test('head and body of rejected deliveries are kept, up to 256 KiB', async () => {
  const { receiver, send, rows } = scene({
    provider: acme({ credentials: { headers: ['x-key'] } }),
  })
  const headers = { 'x-key': 'hunter2' }
  await send({ secret: 'wrong', body: '{"n":1}', headers })
  await send({ body: '{' })
  await send({ secret: 'wrong', body: `"${'x'.repeat(256 * 1024 - 2)}"` })
  await send({ body: '['.padEnd(256 * 1024 + 1) })
  const kept = (await rows()).map((row) => row.kept)
  expect(kept.map((request) => request?.body.length)).toEqual([7, 1, 256 * 1024, undefined])
  expect(kept[0]!.url).toBe('https://example.com/webhooks')
  expect(kept[0]!.headers.map(([name]) => name)).toContain('x-acme-signature')
  expect(kept[0]!.headers.map(([name]) => name)).not.toContain('x-key')
  expect(Object.keys(kept[0]!)).toEqual(['url', 'headers', 'body'])
  await receiver.close()
})

test('what is kept stays within its slots, and strings of strangers within their bounds', async () => {
  const { receiver, send, rows } = scene({ storage: { rejectedBodies: 2 } })
  const url = `https://example.com/${'p'.repeat(9000)}`
  for (let at = 0; at < 60; at++) await send({ secret: 'wrong', body: `{"n":${at}}`, url })
  const all = await rows()
  expect(new Set(all.flatMap(({ slot }) => slot ?? []))).toEqual(
    new Set(['acme\nsignature_mismatch\nany 3 0']),
  )
  expect(all[0]!.path).toHaveLength(500)
  await send({ secret: 'wrong', url: `https://example.com/${'p'.repeat(70_000)}` })
  expect((await rows()).at(-1)!.kept).toBeUndefined()
  await receiver.close()
})

test('a credential in a rejected body is masked, and one that cannot be found takes the body with it', async () => {
  const { send, rows } = scene({ provider: acme({ credentials: { fields: ['token'] } }) })
  const bodies = ['{"token":"hunter2","a":1}', '{"token":"hunter2', '"hunter2"', '["hunter2"]', '']
  for (const body of bodies) {
    await send({ secret: 'wrong', body })
    await rows()
  }
  expect((await rows()).map((row) => String(row.kept!.body))).toEqual([
    '{"token":"(masked)","a":1}',
    '{"token":"(masked)"',
    '',
    '',
    '',
  ])
})

test('a rejected body that is no JSON is not kept, though it could be read as JSON', async () => {
  const provider = acme({ formats: ['text'], credentials: { fields: ['token'] } })
  const { send, rows } = scene({ provider })
  await send({ secret: 'wrong', body: '{"token":"hunter2","a":1}' })
  expect((await rows())[0]!.kept!.body).toHaveLength(0)
})

test('a rejected delivery whose body is kept says which topic it claims, at most 200 characters', async () => {
  const { receiver, send, rows } = scene({ storage: { rejectedBodies: 4 } })
  receiver.on('ping', () => {})
  await send({ secret: 'wrong', topic: 'invoice.paid' })
  await send({ secret: 'wrong', topic: 't'.repeat(5000) })
  await send({ topic: 'ping' })
  expect((await rows()).map(({ claims, topics }) => [claims, topics])).toEqual([
    ['invoice.paid', []],
    ['t'.repeat(200), []],
    [undefined, ['ping']],
  ])
})

test('what is kept of a rejected delivery is sealed by a receiver that seals', async () => {
  const key = Buffer.alloc(32, 5)
  const { send, rows } = scene({ storage: { encryptionKey: key } })
  await send({ secret: 'wrong', payload: { a: 1 } })
  const [row] = await rows()
  expect(String(row!.kept!.body)).not.toContain('{"a":1}')
  expect(isSealed(row!)).toBe(true)
  expect(row).not.toHaveProperty('claims')
  expect(String(openKept(createSeal(key), row!).kept!.body)).toBe('{"a":1}')
})

test.each([{ rejectedBodies: 0 }, { rejectedBodies: false }] as const)(
  'none is kept with %o',
  async (options) => {
    const { send, rows } = scene({ storage: options })
    await send({ secret: 'wrong' })
    expect((await rows()).map(({ code, kept }) => [code, kept])).toEqual([
      ['signature_mismatch', undefined],
    ])
  },
)

test('journal: false writes none', async () => {
  const { receiver, send, written, rows } = scene({ storage: { journal: false } })
  receiver.on('ping', () => {})
  await send()
  await rows()
  await receiver.close()
  expect(written).toEqual([])
})

test('deliveries and runs are counted, with their durations in microseconds', async () => {
  const now = { at: NOW }
  const { receiver, heard, send, written } = scene({ clock: { now: () => now.at } })
  receiver.on('ping', { retry: { attempts: 1 } }, ({ payload }) => {
    if ((payload as { fail?: boolean }).fail) throw new TypeError('no order 17')
  })
  await send({ id: 'e1' })
  await send({ id: 'e1' })
  await send({ id: 'e2', payload: { fail: true } })
  await send({ secret: 'wrong' })
  now.at += 1000
  await receiver.runDue()
  await heard.until('dead')
  const minutes = written.flatMap((batch) => batch.minutes)
  const counted = minutes.map(({ minute, kind, by, value, count, sum, subscription }) => [
    minute - MINUTE,
    subscription,
    kind,
    by,
    value,
    count,
    sum,
  ])
  const cause = causeOf({ name: 'TypeError', message: 'no order 1' })
  expect(new Set(counted.map(String))).toEqual(
    new Set(
      [
        [0, undefined, 'delivery', 'outcome', 'accepted', 2, 24_000],
        [0, undefined, 'delivery', 'outcome', 'duplicate', 1, 12_000],
        [0, undefined, 'delivery', 'outcome', 'rejected', 1, 0],
        [0, undefined, 'delivery', 'code', 'signature_mismatch', 1, 0],
        [0, 'ping', 'attempt', 'outcome', 'done', 1, 0],
        [0, 'ping', 'attempt', 'outcome', 'dead', 1, 0],
        [0, 'ping', 'attempt', 'cause', cause, 1, 0],
        [0, 'ping', 'end-to-end', 'outcome', 'done', 1, 1_000_000],
      ].map(String),
    ),
  )
  expect(new Set(minutes.map((minute) => minute.receiver))).toEqual(new Set(['acme']))
})

test('interruptions that an inbox tells of are counted', async () => {
  let interrupted = (): void => {}
  const attach: Inbox['attach'] = (consumer) => {
    interrupted = () =>
      consumer.interrupted?.({ subscription: 'ping', task: 't', attempt: 1, count: 1, strikes: 0 })
    return memoryInbox().attach(consumer)
  }
  const { receiver, written } = scene({ inboxWith: { attach } })
  receiver.on('ping', () => {})
  interrupted()
  await receiver.runDue()
  expect(written.flatMap(({ minutes }) => minutes)).toMatchObject([
    { minute: MINUTE, subscription: 'ping', kind: 'attempt', by: 'outcome', value: 'interrupted' },
  ])
})

test('a journal that fails is warned of once for each outage, and its deliveries are counted as lost', async () => {
  const { receiver, heard, send, state, written } = scene()
  const told = (): readonly string[] => heard.all('warning').map(([, message]) => message)
  state.down = true
  for (const count of [1, 1]) {
    await send()
    await receiver.runDue()
    expect(told()).toHaveLength(count)
  }
  expect(told()[0]).toContain('the disk is full')
  state.down = false
  await send()
  await receiver.runDue()
  expect(written.at(-1)!.lost).toBe(2)
  state.down = true
  await send()
  await receiver.runDue()
  expect(told()).toHaveLength(2)
})

test('closing writes what waits', async () => {
  const { receiver, send, written } = scene()
  await send()
  await receiver.close()
  expect(written.flatMap(({ arrived }) => arrived)).toHaveLength(1)
})

test('the tasks of a receiver are counted each minute, until it is closed', async () => {
  vi.useFakeTimers({ now: NOW })
  const written: JournalBatch[] = []
  const memory = memoryInbox()
  const inbox: Inbox = {
    ...memory,
    journal: { ...memory.journal!, write: (batch) => void written.push(batch) },
  }
  let asked = 0
  const view = { ...inbox.view! }
  inbox.view!.stats = () => {
    if (++asked === 3) throw new Error('the store is down')
    return view.stats()
  }
  const other = setup({ inbox, name: 'other', worker: 'onDemand' })
  const { receiver, heard, send } = setup({ inbox })
  const handler = throwing(new Error('not yet'))
  receiver.on('ping', { retry: { initialDelay: '1h', jitter: 'none' } }, handler)
  other.receiver.on('ping', { name: 'mail' }, handler)
  await other.send({ id: 'e1' })
  await send({ id: 'e1' })
  await receiver.startWorker()
  await heard.until('retried')
  await vi.dynamicImportSettled()
  await vi.advanceTimersByTimeAsync(121_000)
  const lane = {
    receiver: 'acme',
    subscription: 'ping',
    pending: 1,
    running: 0,
    dead: 0,
    oldest: undefined,
  }
  expect(written.flatMap(({ gauges }) => gauges)).toEqual([
    { ...lane, minute: MINUTE + 60_000 },
    { ...lane, minute: MINUTE + 120_000 },
  ])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(heard.all('warning').map(([, message]) => message)).toEqual([
    expect.stringContaining('the store is down'),
  ])
  const closing = receiver.close()
  await vi.advanceTimersByTimeAsync(1000)
  await closing
  await vi.advanceTimersByTimeAsync(300_000)
  expect(asked).toBe(3)
})

test('an answer takes the text of its row', async () => {
  const { receiver, send, rows } = scene()
  receiver.answer('ping', () => textReply('hello'))
  await send()
  expect(await rows()).toMatchObject([{ outcome: 'unhandled', replyBody: 'hello' }])
})

test('a timer that the runtime has ended with its request keeps no later row back', async () => {
  const { receiver, send, written } = scene()
  receiver.on('ping', () => {})
  // The first row loads the recorder, which must happen before the timers are faked.
  await send({ id: 'e1' })
  await receiver.runDue()
  vi.useFakeTimers()
  const before = written.length
  await send({ id: 'e2' })
  vi.clearAllTimers()
  vi.advanceTimersByTime(4000)
  await send({ id: 'e3' })
  expect(vi.getTimerCount()).toBe(0)
  vi.advanceTimersByTime(2000)
  await send({ id: 'e4' })
  await vi.advanceTimersByTimeAsync(1000)
  expect(
    written
      .slice(before)
      .flatMap(({ arrived }) => arrived)
      .map(({ ids }) => ids),
  ).toEqual([['e2'], ['e3'], ['e4']])
})
