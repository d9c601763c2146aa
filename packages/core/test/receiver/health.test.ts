import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Inbox, SubscriptionStats } from '../../src/inbox/index.ts'
import {
  inlineInbox,
  memoryInbox,
  memoryLedger,
  WebhookError,
  type ReceiverOptions,
} from '../../src/index.ts'
import { health as healthRoute } from '../../src/routes/index.ts'
import { pinged, setup, throwing } from '../acme.ts'

afterEach(() => vi.useRealTimers())

const NOW = 1_700_000_000_000

function lane(
  counts: Partial<SubscriptionStats['counts']>,
  more: Partial<SubscriptionStats> = {},
): SubscriptionStats {
  const all = { pending: 0, running: 0, done: 0, dead: 0, ...counts }
  return { receiver: 'acme', subscription: 'ping', counts: all, oldestDueAt: undefined, ...more }
}

/** Returns a memory inbox with these task counts. */
function counting(lanes: readonly SubscriptionStats[], more: Partial<Inbox> = {}): Inbox {
  const { journal: _, ...inbox } = memoryInbox()
  return { ...inbox, view: { ...inbox.view!, stats: () => lanes }, ...more } as Inbox
}

/** Creates a receiver with a fixed clock that runs no task by itself. */
const still = (inbox: Inbox, more: Partial<ReceiverOptions> = {}) =>
  setup({ inbox, worker: 'onDemand', clock: { now: () => NOW }, ...more })

const LANES = [
  lane({ pending: 3, running: 2, dead: 1, done: 100 }, { oldestDueAt: NOW - 10 }),
  lane({ pending: 20, dead: 10 }, { subscription: 'mail', oldestDueAt: NOW - 30 }),
  lane({ pending: 100 }, { subscription: 'log' }),
  lane({ pending: 5000, dead: 5000 }, { receiver: 'other', oldestDueAt: NOW - 1000 }),
]

test('figures are those of the receiver, over all its subscriptions', async () => {
  const { receiver } = still(counting(LANES), { silentAfter: '1h' })
  expect(await receiver.health()).toEqual({
    ok: true,
    accepting: true,
    processing: true,
    cause: undefined,
    receiver: 'acme',
    pending: 125,
    oldestDueAt: NOW - 30,
    dead: 11,
    lastDelivery: undefined,
    silentAfter: 3_600_000,
  })
})

test.each([
  [126, true, undefined],
  [125, false, 'full: 125 tasks are waiting, maxPending is 125; raise it or run more workers'],
  [100, false, 'full: 125 tasks are waiting, maxPending is 100; raise it or run more workers'],
])('an inbox with maxPending %i and 125 tasks: %o', async (maxPending, ok, cause) => {
  const { receiver } = still(counting(LANES, { maxPending }))
  expect(await receiver.health()).toMatchObject({
    ok,
    accepting: ok,
    processing: true,
    cause,
    pending: 125,
  })
})

test('an inbox without tasks has none of these figures', async () => {
  const { receiver } = setup({ inbox: inlineInbox() })
  expect(await receiver.health()).toEqual({
    ok: true,
    accepting: true,
    processing: true,
    cause: undefined,
    receiver: 'acme',
    pending: undefined,
    oldestDueAt: undefined,
    dead: undefined,
    lastDelivery: undefined,
    silentAfter: undefined,
  })
  const bounded = setup({ inbox: { ...inlineInbox(), maxPending: 0 } })
  expect((await bounded.receiver.health()).ok).toBe(false)
})

test('a receiver that was closed is not ok, while its inbox is', async () => {
  const { receiver } = setup({ inbox: memoryInbox() })
  await receiver.close()
  expect(await receiver.health()).toMatchObject({
    ok: false,
    accepting: false,
    cause: 'closed: the receiver was closed',
    pending: 0,
  })
})

describe('an inbox that cannot tell', () => {
  const unknown = { pending: undefined, oldestDueAt: undefined, dead: undefined }

  test('says why', async () => {
    const inbox = counting([])
    const { receiver, send } = still(inbox, { silentAfter: '1m' })
    await send()
    inbox.view!.stats = () => Promise.reject(new Error('no connection'))
    expect(await receiver.health()).toEqual({
      ok: false,
      accepting: false,
      processing: true,
      cause: 'no connection',
      receiver: 'acme',
      ...unknown,
      lastDelivery: NOW,
      silentAfter: 60_000,
    })
  })

  test('is waited for less than a second', async () => {
    const inbox = counting([])
    inbox.view!.stats = () => new Promise(() => {})
    const { receiver } = setup({ inbox, worker: 'onDemand' })
    await receiver.close()
    await import('../../src/receiver/health.ts')
    vi.useFakeTimers()
    const asked = receiver.health()
    await vi.dynamicImportSettled()
    await vi.advanceTimersByTimeAsync(999)
    expect(await asked).toMatchObject({
      ok: false,
      cause:
        'no answer: the server of the inbox is down or overloaded, or its tables are locked (memoryInbox has not answered for 900 ms)',
      ...unknown,
    })
  })
})

describe('the last delivery', () => {
  test('is the last verified one', async () => {
    let now = NOW
    const { receiver, send } = setup({ worker: 'onDemand', clock: { now: () => ++now } })
    await send({ topic: 'unhandled' })
    await send({ secret: 'wrong' })
    const { lastDelivery } = await receiver.health()
    expect(lastDelivery).toBeGreaterThan(NOW)
    expect(lastDelivery).toBeLessThan(now)
    // Its signature matches, and what is in it does not.
    expect((await send({ body: '{' })).status).toBe(400)
    expect((await receiver.health()).lastDelivery).toBe(lastDelivery)
    await send()
    expect((await receiver.health()).lastDelivery).toBeGreaterThan(lastDelivery!)
  })

  test('is what the journal knows of the receiver, if none came to this process', async () => {
    const inbox = memoryInbox()
    const start = Date.now()
    let now = start
    const options = { inbox, worker: 'onDemand', clock: { now: () => now } } as const
    const before = setup(options)
    const greeted = setup({ ...options, name: 'other' })
    before.receiver.on('ping', () => {})
    await before.send()
    now += 1000
    await greeted.send()
    await before.send({ secret: 'wrong' })
    for (const { receiver } of [before, greeted]) await receiver.close()
    const { receiver } = setup(options)
    expect((await receiver.health()).lastDelivery).toBe(start)
  })
})

describe('accepting', () => {
  /** Creates a receiver whose inbox fails each write with `fault.error`, while it is set. */
  function failing() {
    const made = memoryInbox()
    const fault: { error?: unknown; probes: number; clock: number; silent?: Promise<void> } = {
      probes: 0,
      clock: 0,
    }
    const attach: Inbox['attach'] = (consumer) => {
      const port = made.attach(consumer)
      return {
        ...port,
        accept(intake, host) {
          if (fault.error !== undefined) throw fault.error
          return port.accept(intake, host)
        },
        probe() {
          fault.probes++
          if (fault.error !== undefined) throw fault.error
          return fault.silent
        },
      }
    }
    const inbox = { ...made, attach }
    const clock = { monotonic: () => fault.clock }
    return { ...pinged({ inbox, worker: 'onDemand', clock }), fault, inbox }
  }

  test.each<[string, Error, RegExp]>([
    ['SQLite, disk', coded('database or disk is full', { errcode: 13 }), /^disk full: /],
    ['a file system', coded('write ENOSPC', { code: 'ENOSPC' }), /^disk full: /],
    ['SQLite, locked', coded('database is locked', { errcode: 5 }), /^locked: /],
    ['SQLite, by its words', coded('no', { errstr: 'database is locked' }), /^locked: /],
    [
      'PostgreSQL, locked',
      coded('canceling statement due to lock timeout', { code: '55P03' }),
      /^locked: /,
    ],
    ['PostgreSQL, read-only', coded('cannot execute INSERT', { code: '25006' }), /^read-only: /],
    [
      'Redis, replica',
      new Error("READONLY You can't write against a read only replica."),
      /^read-only: /,
    ],
    [
      'Redis, memory',
      new Error("OOM command not allowed when used memory > 'maxmemory'."),
      /^out of memory: /,
    ],
    ['Redis, policy', new Error('maxmemory-policy is allkeys-lru'), /^eviction policy: /],
    [
      'nobody there',
      coded('connect ECONNREFUSED 10.1.2.3:5432', { code: 'ECONNREFUSED' }),
      /^unreachable: /,
    ],
    ['no answer', new Error('PostgreSQL did not answer within 5000 ms'), /^no answer: .*locked/],
    ['what nobody knows', new Error('gremlins'), /^gremlins$/],
    ['a cause of a cause', below(2, new Error('ENOSPC')), /^disk full: /],
    ['a cause too deep', below(3, new Error('ENOSPC')), /^the event could not be stored$/],
    ['a circle', circle(), /^the event could not be stored$/],
  ])(
    '%s: a write that failed is told with its cause, until one succeeds',
    async (_, error, cause) => {
      const { receiver, send, fault } = failing()
      expect(await receiver.health()).toMatchObject({ ok: true, accepting: true })
      // Inboxes wrap the store's error in their own.
      fault.error = new Error('the event could not be stored', { cause: error })
      if (cause.source === '^gremlins$') fault.error = error
      expect((await send()).status).toBe(503)
      const told = await receiver.health()
      expect(told).toMatchObject({ ok: false, accepting: false, processing: true })
      expect(told.cause).toMatch(cause)
      fault.error = undefined
      fault.clock += 1000
      expect(await receiver.health()).toMatchObject({ ok: true, accepting: true, cause: undefined })
    },
  )

  test.each([
    ['inbox_full', false],
    ['inbox_unavailable', false],
    ['replay_detected', true],
  ] as const)('a delivery that the inbox rejects with %s: %s', async (code, accepting) => {
    const { receiver, send, fault } = failing()
    await send()
    fault.error = new WebhookError(code, 'no')
    await send({ id: 'b' })
    expect((await receiver.health()).accepting).toBe(accepting)
    expect(fault.probes).toBe(accepting ? 0 : 1)
  })

  test.each([
    [new Error('the disk is full'), 1],
    [new WebhookError('inbox_unavailable', 'no'), 1],
    [new WebhookError('receiver_closed', 'no'), 0],
  ])('a journal that fails with %s leads to a test write: %i', async (error, probes) => {
    const { receiver, send, fault, inbox } = failing()
    Object.assign(inbox.journal!, { write: throwing(error) })
    await send()
    await receiver.runDue()
    expect(await receiver.health()).toMatchObject({ ok: true })
    expect(fault.probes).toBe(probes)
  })

  test('an inbox that cannot probe has a record written, if it has records', async () => {
    /** Creates an inbox whose port has no probe. */
    const mute = (): Inbox => {
      const inbox = counting([])
      const attach: Inbox['attach'] = (consumer) => {
        const port = inbox.attach(consumer)
        return Object.fromEntries(
          Object.entries(port).filter(([name]) => name !== 'probe'),
        ) as never
      }
      return { ...inbox, attach }
    }
    const { records, ...without } = mute()
    expect(await still(without).receiver.health()).toMatchObject({ ok: true })
    let clock = 0
    const written: unknown[] = []
    const set: NonNullable<typeof records>['set'] = (key, value, version) => {
      written.push([key, value, version])
      if (clock === 60_000) throw new Error('no disk')
      return records!.set(key, value, version)
    }
    const { receiver } = still(
      { ...mute(), records: { ...records!, set } },
      { clock: { now: () => NOW, monotonic: () => clock } },
    )
    for (const ok of [true, true, true, false]) {
      expect((await receiver.health()).ok).toBe(ok)
      clock += 20_000
    }
    expect(written).toEqual([0, 1, 2, 3].map((version) => ['probe/acme', null, version]))
  })

  test('without traffic a write of its own is made each fifteen seconds, and tells what the next delivery would meet', async () => {
    const { receiver, fault } = failing()
    expect(await receiver.health()).toMatchObject({ ok: true })
    expect(fault.probes).toBe(1)
    fault.error = new Error('gremlins')
    fault.clock += 14_999
    expect(await receiver.health()).toMatchObject({ ok: true })
    fault.clock += 1
    expect(await receiver.health()).toMatchObject({
      ok: false,
      accepting: false,
      cause: 'gremlins',
    })
    fault.error = undefined
    fault.clock += 1000
    expect(await receiver.health()).toMatchObject({ ok: true })
    expect(fault.probes).toBe(3)
  })

  test.each(['claim', 'undo'] as const)(
    'the ledger of inlineInbox is asked: %s fails',
    async (call) => {
      const ledger = memoryLedger()
      const broken = throwing(new Error('connect ECONNREFUSED 10.1.2.3:6379'))
      let clock = 0
      let fault = false
      const faulty = {
        ...ledger,
        [call]: (...args: never[]) =>
          fault ? broken() : (ledger[call] as (...given: never[]) => unknown)(...args),
      }
      const { receiver } = pinged({
        inbox: inlineInbox({ ledger: faulty as typeof ledger }),
        clock: { monotonic: () => clock },
      })
      expect(await receiver.health()).toMatchObject({ ok: true })
      fault = true
      clock += 15_000
      expect(await receiver.health()).toMatchObject({
        ok: false,
        cause: expect.stringMatching(/^unreachable: /),
      })
      fault = false
      clock += 1000
      expect(await receiver.health()).toMatchObject({ ok: true })
    },
  )

  test('writes of its own are made only while the last one failed, and at most once a second', async () => {
    const { receiver, send, fault } = failing()
    await send()
    await receiver.health()
    expect(fault.probes).toBe(0)
    fault.error = new Error('gremlins')
    await send()
    for (let at = 0; at < 5; at++) await receiver.health()
    expect(fault.probes).toBe(1)
    fault.clock += 999
    await receiver.health()
    expect(fault.probes).toBe(1)
    fault.clock += 1
    await receiver.health()
    expect(fault.probes).toBe(2)
    fault.error = undefined
    await send()
    expect(await receiver.health()).toMatchObject({ accepting: true })
    expect(fault.probes).toBe(2)
  })

  test('without traffic, a test write that gets no answer is told after five seconds', async () => {
    const { receiver, send, fault } = failing()
    await send()
    fault.silent = new Promise(() => {})
    fault.clock += 15_000
    expect(await receiver.health()).toMatchObject({ ok: true })
    fault.clock += 4999
    expect(await receiver.health()).toMatchObject({ ok: true })
    fault.clock += 1
    expect(await receiver.health()).toMatchObject({
      ok: false,
      cause: expect.stringMatching(/^no answer: .*has not answered a test write for 5000 ms/),
    })
    expect(fault.probes).toBe(1)
  })

  test('forged, malformed and rejected deliveries change nothing', async () => {
    const { receiver, fault } = failing()
    const forged = {
      url: 'https://example.com/',
      body: '{}',
      headers: { 'x-acme-signature': 'ff' },
    }
    for (let at = 0; at < 50; at++) expect((await receiver.receive(forged)).status).toBe(401)
    expect(await receiver.health()).toMatchObject({ ok: true })
    fault.error = new Error('gremlins')
    const signed = receiver.provider.sign!({ topic: 'ping' })
    expect((await receiver.receive(signed)).status).toBe(503)
    for (let at = 0; at < 50; at++) await receiver.receive(forged)
    expect(await receiver.health()).toMatchObject({ accepting: false })
  })
})

describe('processing', () => {
  const due = (
    age: number,
    more: Partial<SubscriptionStats['counts']> = {},
  ): readonly SubscriptionStats[] => [lane({ pending: 5, ...more }, { oldestDueAt: NOW - age })]

  test.each<[string, readonly SubscriptionStats[], Partial<Inbox>, boolean]>([
    ['nothing is due', [lane({ pending: 5 })], {}, true],
    ['due for less than a minute', due(59_000), {}, true],
    ['due for a minute', due(60_000), {}, true],
    ['due for longer', due(61_000), {}, false],
    ['due for less than three leases', due(170_000), { lease: 60_000 }, true],
    ['due for longer than three leases', due(181_000), { lease: 60_000 }, false],
    ['an attempt may still run', due(120_000, { running: 1 }), {}, true],
    ['and its lease', due(170_000, { running: 1 }), { lease: 55_000 }, true],
    ['without an attempt', due(170_000), { lease: 55_000 }, false],
    ['an attempt that runs for longer than it may', due(300_000, { running: 1 }), {}, false],
  ])('%s', async (_, lanes, more, processing) => {
    const { receiver } = still(counting(lanes, more))
    receiver.on('ping', { timeout: '2m' }, () => undefined)
    const told = await receiver.health()
    expect(told).toMatchObject({ ok: processing, accepting: true, processing })
    const late = NOW - (lanes[0]!.oldestDueAt ?? NOW)
    expect(told.cause).toBe(
      processing
        ? undefined
        : `no worker: tasks have been due for ${late / 1000} s and no process runs any; start receiver.startWorker() or receiver.runDue() in a process that has the subscriptions`,
    )
  })

  test.each<[string, object, boolean]>([
    ['runs of this receiver', {}, true],
    ['runs of another one', { receiver: 'other' }, false],
    ['deliveries', { kind: 'delivery', value: 'accepted' }, false],
    ['runs of five minutes ago', { minute: -5 }, false],
    ['runs of the next minute', { minute: 1 }, false],
  ])('of a backlog is told by %s in the last minute: %j', async (_, more, processing) => {
    const today = Math.floor(Date.now() / 60_000) * 60_000
    const made = memoryInbox()
    const inbox = counting([lane({ pending: 5 }, { oldestDueAt: today - 600_000 })], {
      journal: made.journal!,
    })
    const { receiver } = setup({ inbox, worker: 'onDemand', clock: { now: () => today } })
    expect(await receiver.health()).toMatchObject({ processing: false })
    const run = {
      receiver: 'acme',
      subscription: 'ping',
      kind: 'attempt',
      by: 'outcome',
      value: 'done',
      minute: 0,
      ...more,
    } as const
    const minute = today + run.minute * 60_000
    const minutes = [{ ...run, minute, count: 1, sum: 1, max: 1, histogram: [[0, 1]] as const }]
    await made.journal!.write({ arrived: [], lost: 0, gauges: [], minutes })
    expect(await receiver.health()).toMatchObject({ ok: processing, processing })
  })

  test.each([
    ['onDemand', { gap: 900_000 }, true],
    [true, { gap: 900_000 }, false],
    ['onDemand', { gap: '900000' }, false],
    ['onDemand', { gap: -1 }, false],
    ['onDemand', null, false],
  ] as const)('worker %j with %j as record of its calls', async (worker, value, processing) => {
    const inbox = counting(due(100_000))
    await inbox.records!.set('drains/acme', value, 0)
    const { receiver } = setup({ inbox, worker, clock: { now: () => NOW } })
    expect(await receiver.health()).toMatchObject({ processing })
    await receiver.close()
  })

  test('three usual gaps between drains pass before it is told', async () => {
    let now = NOW
    const lanes: SubscriptionStats[] = []
    const { receiver } = setup({
      inbox: counting(lanes),
      worker: 'onDemand',
      clock: { now: () => now },
    })
    // A later gap counts for a quarter. So the usual gap is 200 s plus a quarter of 400 s, which is 300 s.
    for (const gap of [200_000, 600_000, 0]) {
      await receiver.runDue({ deadline: '2s' })
      now += gap
    }
    lanes.push(lane({ pending: 1 }, { oldestDueAt: now - 890_000 }))
    expect(await receiver.health()).toMatchObject({ processing: true })
    lanes[0] = lane({ pending: 1 }, { oldestDueAt: now - 910_000 })
    expect(await receiver.health()).toMatchObject({ processing: false })
  })

  test.each([false, true])(
    'a flood of forged and malformed deliveries changes it as little as what is accepted: late %o',
    async (late) => {
      const made = memoryInbox()
      const today = Date.now()
      const lanes = [lane({ pending: 5 }, { oldestDueAt: today - (late ? 600_000 : 1000) })]
      const inbox = counting(lanes, { journal: made.journal! })
      const { receiver } = pinged({ inbox, worker: 'onDemand', clock: { now: () => today } })
      const before = await receiver.health()
      expect(before).toMatchObject({ accepting: true, processing: !late })
      const signature = createHmac('sha256', 'acme-secret').update('{').digest('hex')
      for (const [signed, status] of [
        ['ff', 401],
        [signature, 400],
      ] as const)
        for (let at = 0; at < 200; at++) {
          const headers = { 'x-acme-signature': signed, 'x-acme-topic': 'ping' }
          const delivery = { url: 'https://example.com/', body: '{', headers }
          expect((await receiver.receive(delivery)).status).toBe(status)
        }
      expect(await receiver.health()).toEqual(before)
      await receiver.close()
      expect((await made.journal!.deliveries({ limit: 1 })).rows).toHaveLength(1)
    },
  )

  test('a wall clock that jumps ahead makes no task late', async () => {
    let [now, monotonic] = [NOW, 5_000_000]
    const inbox = counting(due(1000))
    const { receiver } = setup({
      inbox,
      worker: 'onDemand',
      clock: { now: () => now, monotonic: () => monotonic },
    })
    await receiver.health()
    now += 3_600_000
    monotonic += 1000
    expect(await receiver.health()).toMatchObject({ processing: true })
  })
})

test('the readiness route asks whether deliveries are accepted, and with ?work whether tasks are run', async () => {
  const inbox = counting([lane({ pending: 5 }, { oldestDueAt: NOW - 600_000 })])
  const { receiver } = still(inbox)
  const route = healthRoute([receiver])
  const status = async (query: string): Promise<number> =>
    (await route(new Request(`https://example.com/healthz${query}`))).status
  expect([await status(''), await status('?work'), await status('?live')]).toEqual([200, 503, 200])
})

/** Returns an error that has the given error `depth` causes deep. */
function below(depth: number, cause: Error): Error {
  return depth === 0 ? cause : below(depth - 1, new Error('below', { cause }))
}

function circle(): Error {
  const error = new Error('round')
  error.cause = error
  return error
}

function coded(message: string, more: object): Error {
  return Object.assign(new Error(message), more)
}
