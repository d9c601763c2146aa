import type { SubscriptionStats, TaskInfo, Page } from '@postern/core/inbox'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { acts } from '../../../test/clocks/law.ts'
import { needs } from '../../../test/services/needs.ts'
import { fakeTime } from '../../../test/services/programs.ts'
import { createServerClock, type ServerClock } from '../../../test/services/server-clock.ts'
import { eventually, opened, openWorld, type World } from './world.ts'

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR

// Takes 60 s. The clock changes only while the object is down, because workerd's timers and performance.now() follow
// the wall clock.
needs(fakeTime).describe('steps of the clock of a Durable Object', () => {
  let clock: ServerClock
  let world: World
  const open = async (): Promise<void> => {
    clock = createServerClock()
    world = await openWorld('app.ts', clock.env)
  }
  const close = async (): Promise<void> => {
    await world.close()
    clock.remove()
  }
  beforeEach(open)
  afterEach(close)

  const counts = async (): Promise<Partial<SubscriptionStats['counts']>> =>
    (await world.ask<SubscriptionStats[]>('stats', [], 'view'))[0]?.counts ?? {}
  const done = (count: number): Promise<void> =>
    eventually(async () =>
      expect(await counts()).toMatchObject({ pending: 0, running: 0, done: count }),
    )
  /** Restarts at another time; no request wakes the object. */
  async function restart(ahead: number): Promise<void> {
    await world.kill()
    clock.set(ahead)
    await world.start()
  }

  for (const [name, step] of [
    ['an hour', HOUR],
    ['a year', YEAR],
  ] as const) {
    test(`a retry of the time when it was ${name} ahead waits no longer than it is`, async () => {
      clock.set(step)
      expect(await world.send(opened('e1', { fail: 3000 }))).toBe(200)
      await eventually(async () => {
        const { rows } = await world.ask<Page<TaskInfo>>('list', [{ state: 'pending' }], 'view')
        expect(rows[0]?.error?.name).toBe('RetryAfterError')
      })
      await restart(0)
      expect(await world.send(opened('e2'))).toBe(200)
      await done(2)
      expect(world.ran.toSorted()).toEqual(['e1', 'e1', 'e2'])
    })

    test(`a claim of the time when it was ${name} ahead ends with its process`, async () => {
      clock.set(step)
      expect(await world.send(opened('e1', { slow: 600_000 }))).toBe(200)
      await world.reached('e1')
      await restart(0)
      expect(await world.send(opened('e2'))).toBe(200)
      await eventually(() => expect(world.ran.toSorted()).toEqual(['e1', 'e1', 'e2']))
    })

    test(`nothing ages by a step of ${name} ahead`, async () => {
      expect(await world.send(opened('old'))).toBe(200)
      await done(1)
      await restart(step)
      for (const id of ['e1', 'old']) expect(await world.send(opened(id))).toBe(200)
      await done(2)
      expect(world.ran).toEqual(['old', 'e1'])
    })
  }

  test('an alarm that is lost while the object lives is set again by the next call after its time', async () => {
    expect(await world.send(opened('e1', { fail: HOUR }))).toBe(200)
    await eventually(async () =>
      expect(await world.ask('getAlarm')).toBeGreaterThan(Date.now() + HOUR / 2),
    )
    await world.ask('loseAlarm')
    clock.set(HOUR + 60_000)
    await counts()
    await done(1)
    expect(world.ran).toEqual(['e1', 'e1'])
  })

  test('whatever the clock does, all that was accepted runs soon and once', async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (plan) => {
        await close()
        await open()
        const wanted: string[] = []
        const ids: string[] = []
        let ahead = 0
        for (const act of plan)
          if (typeof act === 'object') ahead = act.set
          else if (act === 'restart') {
            // Interrupted tasks may run again.
            if (ids.length > 0) await done(ids.length)
            await restart(ahead)
          } else {
            const id = `e${ids.length}`
            ids.push(id)
            wanted.push(...(act === 'accept' ? [id] : [id, id]))
            const payload = act === 'accept' ? {} : { fail: 50 }
            expect(await world.send(opened(id, payload))).toBe(200)
          }
        if (ids.length > 0) await done(ids.length)
        for (const id of ids) expect(await world.send(opened(id))).toBe(200)
        expect(world.ran.toSorted()).toEqual(wanted.toSorted())
      }),
      { numRuns: 6, seed: 39, endOnFailure: true },
    )
  }, 180_000)
})
