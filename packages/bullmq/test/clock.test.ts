import type { Inbox } from '@postern/core/inbox'
import type { Outcome } from '@postern/core/engine'
import fc from 'fast-check'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { acts, keepsClockLaw } from '../../../test/clocks/law.ts'
import { needs } from '../../../test/services/needs.ts'
import { fakeTime, redisServer } from '../../../test/services/programs.ts'
import { createServerClock } from '../../../test/services/server-clock.ts'
import { bullmqInbox } from '../src/index.ts'
import { DONE, gate, intake, record, type Recorded, type RecordedOptions } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR
const FAILURE = { name: 'Error', message: 'the till is jammed' }
const hang = (): Promise<Outcome> => new Promise(() => {})

needs(redisServer).describe('bullmqInbox and the clock of its machine', () => {
  const scene = redisScene('clock')
  afterEach(() => void vi.restoreAllMocks())

  test('set back an hour, a retry starts in time, and what runs keeps its lease', async () => {
    const { passed, pass } = gate()
    scene.later(pass)
    const retry = {
      kind: 'retry',
      at: Date.now() + 1500,
      error: { name: 'E', message: 'no' },
    } as const
    const worker = record({
      run({ event, attempt }) {
        if (event.id === 'long') return passed.then(() => DONE)
        return attempt === 1 ? retry : DONE
      },
    })
    const port = scene.open({ lease: '1s' }).attach(worker)
    port.work!()
    await port.accept(intake('short'), {})
    await port.accept(intake('long'), {})
    await expect.poll(() => worker.ended.length).toBe(1)
    await expect.poll(() => worker.names()).toContain('long')
    const now = Date.now.bind(Date)
    vi.spyOn(Date, 'now').mockImplementation(() => now() - HOUR)
    await expect
      .poll(() => worker.ended.map(({ outcome }) => outcome.kind))
      .toEqual(['retry', 'done'])
    // After 3 s, which is three leases, the worker still holds the lock of its task.
    const until = performance.now() + 3000
    await expect.poll(() => performance.now() > until).toBe(true)
    pass()
    await expect.poll(() => worker.ended.map(({ stored }) => stored)).toEqual([true, true, true])
    expect(worker.cuts).toEqual([])
  })

  /** Sets the clock of this machine to the true time plus these milliseconds. */
  function set(ahead: number): void {
    vi.restoreAllMocks()
    const now = Date.now.bind(Date)
    vi.spyOn(Date, 'now').mockImplementation(() => now() + ahead)
  }

  /** Creates a receiver that uses this machine's clock, which {@link set} changes. */
  const here = (options: RecordedOptions = {}): Recorded => ({
    ...record(options),
    now: () => Date.now(),
  })

  test('what is accepted while it is a year behind stays known, and its dead task stays', async () => {
    const options = { dedupeWindow: '1h', keepDone: '1h', keepDead: '1h' } as const
    set(-YEAR)
    const before = scene.open(options)
    const port = before.attach(
      here({ run: ({ event }) => (event.id === 'dead' ? { kind: 'dead', error: FAILURE } : DONE) }),
    )
    const guarded = { guards: [{ key: 'g', otherwise: 'reject' }] } as const
    await port.accept(intake('1', [{ subscription: 'a' }], guarded), {})
    await port.accept(intake('dead'), {})
    await port.drain!(Date.now() + 20_000, 10)
    await before.close()
    set(0)
    const inbox = scene.open(options)
    const later = inbox.attach(here())
    await later.drain!(Date.now() + 20_000, 10)
    expect(await later.accept(intake('1'), {})).toEqual(['duplicate'])
    expect(await later.accept(intake('2', [{ subscription: 'a' }], guarded), {})).toEqual([
      'rejected',
    ])
    expect((await inbox.view!.list({ state: 'dead' })).rows).toHaveLength(1)
  })

  test('a year ahead, a retry in an hour does not start, and its time is told as it is', async () => {
    const inbox = scene.open()
    const worker = here({
      run: () => ({ kind: 'retry', at: Date.now() + HOUR, error: FAILURE }),
    })
    const port = inbox.attach(worker)
    await port.accept(intake('1'), {})
    await port.drain!(Date.now() + 20_000, 10)
    set(YEAR)
    const { ran, next } = await port.drain!(Date.now() + 20_000, 10)
    expect([ran, Math.round((next! - Date.now()) / HOUR)]).toEqual([0, 1])
    await port.accept(intake('2'), {})
    expect(await port.drain!(Date.now() + 20_000, 10)).toMatchObject({ ran: 1, left: 0 })
    const [shop] = await inbox.view!.stats()
    expect([shop!.counts.pending, shop!.oldestDueAt]).toEqual([2, undefined])
  })

  test.each([YEAR, -YEAR])(
    'a replay with a rate keeps its rate, if the clock of the operator is %i ms ahead',
    async (ahead) => {
      const inbox = scene.open()
      const worker = here({ run: () => ({ kind: 'dead', error: FAILURE }) })
      const port = inbox.attach(worker)
      for (const id of ['1', '2']) await port.accept(intake(id), {})
      await port.drain!(Date.now() + 20_000, 10)
      set(ahead)
      await inbox.view!.replay({ receiver: 'shop' }, { rate: 1 / 3600 })
      set(0)
      const { ran, left, next } = await port.drain!(Date.now() + 20_000, 10)
      expect([ran, left, Math.round((next! - Date.now()) / HOUR)]).toEqual([1, 0, 1])
    },
  )
})

needs(redisServer, fakeTime).describe("steps of Redis' own clock", () => {
  const clock = createServerClock()
  const scene = redisScene('server-clock', clock.env)
  afterEach(() => clock.set(0))
  afterAll(() => clock.remove())

  interface Process extends Recorded {
    readonly inbox: Inbox
    readonly port: ReturnType<Inbox['attach']>
  }

  function start(options: RecordedOptions = {}, lease = '1s' as `${number}s`): Process {
    const inbox = scene.open({ lease, dedupeWindow: '1h', keepDone: '1h' })
    const recorded = record(options)
    const port = inbox.attach(recorded)
    port.work!()
    return { ...recorded, inbox, port }
  }

  /** Imitates `kill -9`: the inbox's connections end, but its locks stay. */
  async function kill(inbox: Inbox): Promise<void> {
    const locks = await scene.operator.keys(`${scene.prefix}:*:lock`)
    const held = await Promise.all(
      locks.map(async (key) => [key, (await scene.operator.get(key))!] as const),
    )
    await inbox.close()
    for (const [key, token] of held) {
      const [base, id] = [key.slice(0, key.lastIndexOf(':e')), /:(e[^:]*):lock$/.exec(key)![1]!]
      await scene.operator.zrem(`${base}:delayed`, id)
      await scene.operator.lrem(`${base}:wait`, 0, id)
      await scene.operator.lrem(`${base}:active`, 0, id)
      await scene.operator.lpush(`${base}:active`, id)
      await scene.operator.set(key, token, 'PX', 1000)
    }
  }

  const stored = ({ ended }: Recorded): readonly string[] =>
    ended.flatMap(({ claim, outcome, stored }) =>
      stored && outcome.kind === 'done' ? claim.event.id! : [],
    )
  const done = (app: Recorded, ...ids: readonly string[]): Promise<void> =>
    expect.poll(() => stored(app).toSorted()).toEqual(ids)

  for (const [name, step] of [
    ['an hour', HOUR],
    ['a year', YEAR],
  ] as const) {
    test(`a retry of the time when it was ${name} ahead waits no longer than it is`, async () => {
      clock.set(step)
      const at = Date.now() + 1500
      const app = start({
        run: ({ attempt }) =>
          attempt === 1 ? { kind: 'retry', at, error: { name: 'E', message: 'no' } } : DONE,
      })
      await app.port.accept(intake('1'), {})
      await expect.poll(() => app.ended.length).toBe(1)
      await app.port.close(Date.now() + 1000)
      clock.set(0)
      const next = start()
      await next.port.accept(intake('2'), {})
      await done(next, '1', '2')
    })

    test(`a claim of the time when it was ${name} ahead ends with its process`, async () => {
      clock.set(step)
      const one = start({ run: hang })
      await one.port.accept(intake('1'), {})
      await expect.poll(() => one.names()).toEqual(['1'])
      await kill(one.inbox)
      clock.set(0)
      await done(start(), '1')
    })

    test(`a step of ${name} ahead interrupts nobody, and nothing ages by it`, async () => {
      const app = start()
      await app.port.accept(intake('old'), {})
      await done(app, 'old')
      await app.port.close(Date.now() + 1000)
      const { passed, pass } = gate()
      const running = start({ run: () => passed.then(() => DONE) }, '20s')
      await running.port.accept(intake('1'), {})
      await expect.poll(() => running.names()).toEqual(['1'])
      const other = start({}, '20s')
      await other.inbox.view!.stats()
      clock.set(step)
      // A drain first looks for ended leases, and at its end deletes old events. The second inbox is that of a process
      // that starts.
      await other.port.drain!(Date.now() + 1000, 1)
      await start({}, '20s').port.drain!(Date.now() + 1000, 1)
      expect(other.cuts).toEqual([])
      expect(other.names()).toEqual([])
      pass()
      await done(running, '1')
      expect(running.cuts).toEqual([])
      expect(await running.port.accept(intake('old'), {})).toEqual(['duplicate'])
    })
  }

  test('whatever the clock does, all that was accepted runs soon and once', async () => {
    let prefixes = 0
    await fc.assert(
      fc.asyncProperty(acts, async (plan) => {
        const prefix = `{law-${++prefixes}}`
        await keepsClockLaw(
          {
            open: () => bullmqInbox({ connection: scene.redis.url, prefix, lease: '1s' }),
            set: (ahead) => clock.set(ahead),
          },
          plan,
        )
      }),
      { numRuns: 8, seed: 39, endOnFailure: true },
    )
  }, 120_000)
})
