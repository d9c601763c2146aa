import type { Duration } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { Outcome } from '@postern/core/engine'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { needs } from '../services/needs.ts'
import { fakeTime, type Program } from '../services/programs.ts'
import { createServerClock, type ServerClock } from '../services/server-clock.ts'
import {
  intake,
  record,
  type Recorded,
  type RecordedOptions,
} from '../../packages/postgres/test/consumer.ts'
import { acts, keepsClockLaw } from './law.ts'

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR
const hang = (): Promise<Outcome> => new Promise(() => {})

interface SteppedOptions {
  readonly pollInterval: number
  readonly lease: Duration
  readonly dedupeWindow?: '1h'
  readonly keepDone?: '1h'
}

/** Database server whose clock the tests change. */
export interface SteppedServer {
  query(text: string): Promise<readonly unknown[]>
  /** Opens an inbox in a schema or database, which is created if needed. */
  open(place: string, options: SteppedOptions): Inbox
  stop(): Promise<void>
}

/**
 * Defines the tests for an inbox on a server. `start` gets the environment variables that control the server's clock.
 */
export function serverSteps(
  name: string,
  program: Program,
  start: (env: Readonly<Record<string, string>>) => Promise<SteppedServer>,
): void {
  needs(program, fakeTime).describe(name, () => defined(start))
}

function defined(
  startServer: (env: Readonly<Record<string, string>>) => Promise<SteppedServer>,
): void {
  let clock: ServerClock
  let server: SteppedServer
  let opened: Inbox[] = []
  let places = 0
  beforeAll(async () => {
    clock = createServerClock()
    server = await startServer(clock.env)
  })
  afterEach(async () => {
    await Promise.all(opened.map((inbox) => inbox.close()))
    opened = []
    clock.set(0)
  })
  afterAll(async () => {
    await server?.stop()
    clock?.remove()
  })

  /** Creates an app, whose processes share one schema or database. */
  function scene(lease: Duration = '1s') {
    const place = `c${++places}`
    return {
      start(options: RecordedOptions = {}, work = true) {
        const inbox = server.open(place, {
          pollInterval: 20,
          lease,
          dedupeWindow: '1h',
          keepDone: '1h',
        })
        opened.push(inbox)
        const recorded = record(options)
        const port = inbox.attach(recorded.consumer)
        if (work) port.work!()
        return { ...recorded, port, inbox }
      },
      /** Simulates kill -9: closes the inbox and restores the rows of its running tasks. */
      async kill(inbox: Inbox) {
        const rows = (await server.query(
          `SELECT id, token, lease FROM ${place}.postern_tasks WHERE state = 1`,
        )) as readonly Readonly<Record<'id' | 'token' | 'lease', string>>[]
        await inbox.close()
        for (const { id, token, lease: until } of rows)
          await server.query(
            `UPDATE ${place}.postern_tasks SET attempt = 1, state = 1, token = ${token}, lease = ${until} WHERE id = ${id}`,
          )
      },
      rows: async () =>
        (await server.query(
          `SELECT state, cut FROM ${place}.postern_tasks ORDER BY id`,
        )) as readonly { readonly state: number; readonly cut: number }[],
    }
  }

  const settledIn = (recorded: Recorded, count: number): Promise<void> =>
    recorded.until(() => recorded.settled.filter(({ stored }) => stored).length >= count)

  for (const [name, step] of [
    ['an hour', HOUR],
    ['a year', YEAR],
  ] as const) {
    test(`tasks that came while it was ${name} ahead run after it went back`, async () => {
      const app = scene()
      const one = app.start({}, false)
      await one.port.accept(intake('before'), {})
      clock.set(step)
      await one.port.accept(intake('due at once'), {})
      clock.set(0)
      one.port.work!()
      await settledIn(one, 2)
    })

    test(`a retry of that time waits no longer than it is, ${name} later`, async () => {
      const app = scene()
      let failed = false
      const one = app.start({
        run() {
          if (failed) return { kind: 'done' }
          failed = true
          return {
            kind: 'retry',
            at: Date.now() + 300,
            error: { name: 'Error', message: 'not yet' },
          }
        },
      })
      clock.set(step)
      await one.port.accept(intake('1'), {})
      await settledIn(one, 1)
      clock.set(0)
      await settledIn(one, 2)
      expect(await app.rows()).toMatchObject([{ state: 2 }])
    })

    test(`a tenant's task that died and is replayed at that time runs, ${name} later`, async () => {
      const app = scene()
      let isBroken = true
      const one = app.start({
        run: () =>
          isBroken
            ? { kind: 'dead', error: { name: 'Error', message: 'broken' } }
            : { kind: 'done' },
      })
      await one.port.accept(intake('1', [{ subscription: 'a', fairKey: 'ann' }]), {})
      await settledIn(one, 1)
      await one.port.close(Date.now() + 1000)
      isBroken = false
      clock.set(step)
      const two = app.start({}, false)
      await two.inbox.view!.replay({ receiver: 'shop' })
      clock.set(0)
      two.port.work!()
      await settledIn(two, 1)
    })

    test(`a claim of that time ends with its process, ${name} later`, async () => {
      const app = scene()
      clock.set(step)
      const one = app.start({ run: hang })
      await one.port.accept(intake('1'), {})
      await one.until(() => one.runs.length === 1)
      await app.kill(one.inbox)
      clock.set(0)
      await settledIn(app.start(), 1)
      expect(await app.rows()).toMatchObject([{ state: 2 }])
    })

    test(`a step of ${name} ahead interrupts nobody, and nothing ages by it`, async () => {
      // The lease is shorter than the clock step, and long enough that a busy machine renews it in time.
      const app = scene('1m')
      let end: (outcome: Outcome) => void = () => {}
      const one = app.start()
      await one.port.accept(intake('old'), {})
      await settledIn(one, 1)
      const two = app.start({ run: () => new Promise((resolve) => (end = resolve)) })
      await one.port.close(Date.now() + 1000)
      await two.port.accept(intake('1'), {})
      await two.until(() => two.runs.length === 1)
      const other = app.start({ receiver: 'other' })
      await other.inbox.view!.stats()
      clock.set(step)
      // A drain first looks for ended leases and at the end deletes old events. The second drain belongs to a process
      // that just started.
      await other.port.drain!(Date.now() + 1000, 1)
      await app.start({ receiver: 'other' }, false).port.drain!(Date.now() + 1000, 1)
      expect(await app.rows()).toEqual([
        { state: 2, cut: 0 },
        { state: 1, cut: 0 },
      ])
      end({ kind: 'done' })
      await settledIn(two, 1)
      expect(await two.port.accept(intake('old'), {})).toEqual(['duplicate'])
    })
  }

  test('an hour back for good leaves nothing waiting', async () => {
    const app = scene()
    clock.set(HOUR)
    const one = app.start({ run: hang })
    for (const id of ['1', '2', '3']) await one.port.accept(intake(id), {})
    await one.until(() => one.runs.length === 3)
    await app.kill(one.inbox)
    clock.set(0)
    const two = app.start()
    await two.port.accept(intake('4'), {})
    await settledIn(two, 4)
  })

  test('whatever the clock does, all that was accepted runs soon and once', async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (plan) => {
        const place = `law${++places}`
        await keepsClockLaw(
          {
            open: () => server.open(place, { pollInterval: 20, lease: '1s' }),
            set: (ahead) => clock.set(ahead),
          },
          plan,
        )
      }),
      { numRuns: 8, seed: 39, endOnFailure: true },
    )
  }, 120_000)
}
