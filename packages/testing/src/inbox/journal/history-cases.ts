import assert from 'node:assert/strict'
import type { SceneTest, Scene } from '../scene.ts'
import type { Arrival, HistoryRange, Journal, MinuteCount } from '@postern/core/inbox'
import type { JournalBatch } from '@postern/core/engine'

export function historyCases(test: SceneTest, durable: boolean): void {
  test('counts of several processes add up, and steps join minutes', async (scene) => {
    const other = await scene.handle.another?.()
    const more = { count: 2, sum: 6000, max: 5000 }
    const longer: MinuteCount['histogram'] = [
      [35, 1],
      [44, 1],
    ]
    await Promise.all([
      journal(scene).write(
        batch({ minutes: [minuteCounts(0), minuteCounts(1, { value: 'dead' }), minuteCounts(2)] }),
      ),
      (other?.journal ?? journal(scene)).write(
        batch({ minutes: [minuteCounts(0, { ...more, histogram: longer })] }),
      ),
    ])
    const range = {
      from: historyStart(),
      to: historyStart() + 4 * MINUTE,
      kind: 'attempt',
    } as const
    const fine = await journal(scene).history({ ...range, step: MINUTE })
    const of = (from: number, value: string) =>
      fine.find(
        (one) =>
          'value' in one && one.value === value && one.from === historyStart() + from * MINUTE,
      )
    const first = of(0, 'done')!
    assert.ok('count' in first)
    assert.deepEqual([first.count, first.sum, first.max], [3, 7000, 5000])
    assert.deepEqual(
      first.histogram.map((pair) => [...pair]),
      [
        [35, 2],
        [44, 1],
      ],
    )
    assert.ok(of(1, 'dead') && of(2, 'done') && !of(1, 'done'))
    const coarse = await journal(scene).history({ ...range, step: 4 * MINUTE })
    const counts = coarse.map((one) =>
      'value' in one ? `${one.count} ${one.value} at ${one.from - historyStart()}` : 'a gauge',
    )
    assert.deepEqual(counts.sort(), ['1 dead at 0', '4 done at 0'])
  })

  test('history is grouped by receiver, subscription, kind and value', async (scene) => {
    await journal(scene).write(
      batch({
        minutes: [
          minuteCounts(0),
          minuteCounts(0, { subscription: 'bill' }),
          minuteCounts(0, { receiver: 'bank' }),
          minuteCounts(0, { by: 'cause', value: 'abc' }),
          minuteCounts(0, { kind: 'end-to-end' }),
        ],
      }),
    )
    const range = { from: historyStart(), to: historyStart() + MINUTE, step: MINUTE }
    const count = async (more: object): Promise<number> =>
      (await journal(scene).history({ ...range, ...more })).reduce(
        (sum, one) => sum + ('count' in one ? one.count : 0),
        0,
      )
    assert.equal(await count({ kind: 'attempt' }), 3)
    assert.equal(await count({ kind: 'attempt', receiver: 'shop' }), 2)
    assert.equal(await count({ kind: 'attempt', receiver: 'shop', subscription: 'bill' }), 1)
    assert.equal(await count({ kind: 'attempt', by: 'cause' }), 1)
    assert.equal(await count({ kind: 'end-to-end' }), 1)
    assert.equal(await count({}), 0)
    assert.equal(
      await count({
        kind: 'attempt',
        from: historyStart() + MINUTE,
        to: historyStart() + 2 * MINUTE,
      }),
      0,
    )
  })

  test('of gauges the last value counts', async (scene) => {
    const gauge = (at: number, pending: number, oldestDueAt?: number) => ({
      minute: historyStart() + at * MINUTE,
      receiver: 'shop',
      subscription: 'ship',
      pending,
      running: 1,
      dead: 2,
      oldestDueAt,
    })
    await journal(scene).write(batch({ gauges: [gauge(0, 5), gauge(1, 6)] }))
    await journal(scene).write(batch({ gauges: [gauge(1, 7, historyStart())] }))
    const of = async (step: number, more: Partial<HistoryRange> = {}) => {
      const to = historyStart() + 2 * MINUTE
      const range = { from: historyStart(), to, step, kind: 'gauge', ...more } as const
      const found = await journal(scene).history(range)
      return found.map((one) => {
        assert.ok('pending' in one)
        return [one.pending, one.running, one.dead, one.oldestDueAt]
      })
    }
    assert.deepEqual(await of(2 * MINUTE), [[7, 1, 2, historyStart()]])
    assert.deepEqual(await of(MINUTE), [
      [5, 1, 2, undefined],
      [7, 1, 2, historyStart()],
    ])
    assert.deepEqual(await of(MINUTE, { receiver: 'bank' }), [])
    assert.deepEqual(await of(MINUTE, { subscription: 'mail' }), [])
  })

  test('a minute that the range touches counts in full, in its first step', async (scene) => {
    await journal(scene).write(batch({ minutes: [minuteCounts(0), minuteCounts(2)] }))
    const from = historyStart() + MINUTE / 2
    const range = { from, to: from + 4 * MINUTE, step: 4 * MINUTE, kind: 'attempt' } as const
    const found = await journal(scene).history(range)
    assert.deepEqual(
      found.map((one) => 'count' in one && [one.from - historyStart(), one.count]),
      [[MINUTE / 2, 2]],
    )
  })

  test('a range that cannot be answered is a TypeError that tells which part', async (scene) => {
    const range = { from: historyStart(), to: historyStart() + MINUTE, step: MINUTE }
    for (const [wrong, told] of [
      [{ from: historyStart() + MINUTE, to: historyStart() }, /history: from and to/],
      [{ to: NaN }, /history: from and to/],
      [{ from: -Infinity }, /history: from and to/],
      [{ to: historyStart() }, /history: from and to/],
      [{ step: MINUTE / 2 }, /history: step/],
      [{ step: 0 }, /history: step/],
      [{ step: String(MINUTE) as never }, /history: step/],
      [{ from: 0 }, /history: .* steps are more than 10000/],
      [{ form: 0 }, /from/],
    ] as const)
      await assert.rejects(
        async () => journal(scene).history({ ...range, ...wrong }),
        (error) => error instanceof TypeError && told.test(error.message),
        JSON.stringify(wrong),
      )
  })

  if (!durable) return
  test('history outlives a restart', async (scene) => {
    await journal(scene).write(batch({ minutes: [minuteCounts(0)] }))
    await scene.restart()
    const range = {
      from: historyStart(),
      to: historyStart() + MINUTE,
      step: MINUTE,
      kind: 'attempt',
    } as const
    assert.equal((await journal(scene).history(range)).length, 1)
  })
}

const MINUTE = 60_000
let start = 0

/** Returns the start of a minute an hour ago. Workers have no clock at module scope, so the first call decides. */
export function historyStart(): number {
  return (start ||= Math.floor(Date.now() / MINUTE) * MINUTE - 60 * MINUTE)
}

export const journal = (scene: Scene): Journal => scene.inbox.journal!

export function batch(part: Partial<JournalBatch>): JournalBatch {
  return { arrived: [], minutes: [], gauges: [], lost: 0, ...part }
}

/** Makes a journal entry of a rejected delivery. */
export function arrival(id: string, options: Partial<Arrival> = {}): Arrival {
  return {
    id,
    at: historyStart(),
    receiver: 'shop',
    provider: 'acme',
    method: 'POST',
    path: '/hooks',
    outcome: 'rejected',
    verified: false,
    status: 401,
    took: 1.5,
    bytes: 20,
    topics: [],
    ids: [],
    keys: [],
    ...options,
  }
}

/** Makes the counts of one minute, `at` minutes after {@link historyStart}. */
function minuteCounts(at: number, options: Partial<MinuteCount> = {}): MinuteCount {
  return {
    minute: historyStart() + at * MINUTE,
    receiver: 'shop',
    subscription: 'ship',
    kind: 'attempt',
    by: 'outcome',
    value: 'done',
    count: 1,
    sum: 1000,
    max: 1000,
    histogram: [[35, 1]],
    ...options,
  }
}
