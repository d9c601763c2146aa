import assert from 'node:assert/strict'
import type { TaskDraft } from '@postern/core/engine'
import { gate, burst, FIRST, item, runsOf, acceptNew } from '../make.ts'
import { DONE_OUTCOME, lane, retryIn } from '../recorder.ts'
import type { JoinedReceiver, Scene, SceneTest } from '../scene.ts'

const LANE = lane('a', { ordered: true, concurrency: 5 })
const HOUR = 3_600_000

/** Makes all waiting tasks due, and returns their number. */
async function hurry({ inbox }: Scene): Promise<number> {
  return (await inbox.view!.replay({ state: 'pending' })).count
}

/** Returns true if no task is due now, and a task is due later. */
async function waits({ port }: JoinedReceiver): Promise<boolean> {
  const { ran, left, next } = await port.drain!(Date.now() + 10_000, 100)
  return ran + left === 0 && next !== undefined && next - Date.now() > HOUR / 2
}

/** Defines tests of `debounce`: waiting events with one key become one run, with the newest event. */
export function debounceCases(
  test: SceneTest,
  skills: {
    readonly durable?: boolean
    readonly bounded?: boolean
    readonly fair?: boolean
    readonly shared?: boolean
    readonly drain?: boolean
  },
): void {
  test('what waits becomes one run on the newest, and other keys have their own', async (scene) => {
    const shop = scene.join({ lanes: [LANE], work: false })
    await acceptNew(shop, burst(1), burst(2), burst(4, { key: 'l' }), burst(3))
    shop.work()
    await shop.untilSettled(2)
    assert.deepEqual([...runsOf(shop)].sort(), ['3 + 2', '4 + 0'])
    const { claim } = shop.runs.find((run) => run.claim.event.id === '3')!
    assert.equal(claim.folded!.since, FIRST + 1)
    assert.equal(shop.folded.size, 2)
    for (const into of shop.folded.values()) assert.ok(into)
  })

  test('several of one delivery become one run', async (scene) => {
    const shop = scene.join({ lanes: [LANE] })
    await shop.settle(1, burst(1), burst(2), burst(3))
    assert.deepEqual(runsOf(shop), ['3 + 2'])
  })

  test('what comes during a run becomes one run after it', async (scene) => {
    const open = gate()
    let running = 0
    const shop = scene.join({
      lanes: [LANE],
      async run({ event }) {
        assert.equal(++running, 1, 'two of one key run at once')
        if (event.id === '1') await open.passed
        running--
        return DONE_OUTCOME
      },
    })
    await acceptNew(shop, burst(1))
    await shop.until('the first runs', () => shop.runs.length === 1)
    await acceptNew(shop, burst(2), burst(3), burst(4))
    open.pass()
    await shop.untilSettled(2)
    assert.deepEqual(runsOf(shop), ['1 + 0', '4 + 2'])
  })

  if (skills.drain)
    test('it waits for later events, says when it is due, and a replay makes it due now', async (scene) => {
      const shop = scene.join({ lanes: [LANE], work: false })
      await acceptNew(shop, burst(1, { wait: HOUR }), burst(2, { wait: HOUR }))
      assert.ok(await waits(shop))
      assert.equal(await hurry(scene), 1)
      assert.equal((await shop.port.drain!(Date.now() + 10_000, 100)).ran, 1)
      assert.deepEqual(runsOf(shop), ['2 + 1'])
    })

  test('a steady stream runs after its longest wait', async (scene) => {
    const shop = scene.join({ lanes: [LANE] })
    let id = 0
    while (shop.settled.length === 0 && id < 1_000_000) {
      await acceptNew(shop, burst(++id, { wait: HOUR, maxWait: 50 }))
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(shop.settled.length > 0, `${id} events have no run`)
    assert.ok(shop.runs[0]!.claim.folded!.count > 0)
  })

  test('an event below the highest of its key runs nothing, also once that has run', async (scene) => {
    const shop = scene.join({ lanes: [LANE], work: false })
    await acceptNew(shop, burst(1, { newest: 5 }), burst(2, { newest: 9 }), burst(3, { newest: 7 }))
    shop.work()
    await shop.untilSettled(1)
    await acceptNew(shop, burst(4, { newest: 8 }))
    await shop.until('it is stale', () => shop.folded.size === 3)
    // An equal value, a value of another type, and no value are not stale. The event that arrives last is then the
    // newest.
    await acceptNew(shop, burst(5, { newest: 9 }))
    await shop.untilSettled(2)
    await acceptNew(shop, burst(6))
    await shop.untilSettled(3)
    await acceptNew(shop, burst(7, { newest: 8 }))
    await shop.until('it is stale', () => shop.folded.size === 4)
    await acceptNew(shop, burst(8, { newest: 'b' }))
    await shop.untilSettled(4)
    await acceptNew(shop, burst(9, { newest: 'a' }))
    await shop.until('it is stale', () => shop.folded.size === 5)
    assert.deepEqual(runsOf(shop), ['2 + 1', '5 + 0', '6 + 0', '8 + 0'])
    const stale = [...shop.folded.values()].filter((into) => into === undefined)
    assert.equal(stale.length, 4)
  })

  test('a failed one is folded: its events are not lost, and attempts start at the first', async (scene) => {
    const shop = scene.join({
      lanes: [LANE],
      run: ({ event }) => (event.id === '1' ? retryIn(HOUR) : DONE_OUTCOME),
    })
    await acceptNew(shop, burst(1))
    await shop.untilSettled(1)
    await acceptNew(shop, burst(2))
    await shop.untilSettled(2)
    assert.deepEqual(runsOf(shop), ['1 + 0', '2 + 1'])
    assert.equal(shop.runs[1]!.claim.attempt, 1)
  })

  test('a task that fails while a newer task of its key waits is folded into the newer task', async (scene) => {
    const open = gate()
    const shop = scene.join({
      lanes: [LANE],
      async run({ event }) {
        if (event.id !== '1') return DONE_OUTCOME
        await open.passed
        return retryIn(HOUR)
      },
    })
    await acceptNew(shop, burst(1))
    await shop.until('the first runs', () => shop.runs.length === 1)
    await acceptNew(shop, burst(2))
    open.pass()
    await shop.untilSettled(2)
    assert.deepEqual(runsOf(shop), ['1 + 0', '2 + 1'])
  })

  test('a failed one with the highest value is tried again, and stands for later ones', async (scene) => {
    let broken = true
    const shop = scene.join({
      lanes: [LANE],
      run: () => (broken ? retryIn(HOUR) : DONE_OUTCOME),
    })
    await acceptNew(shop, burst(1, { newest: 5 }))
    await shop.untilSettled(1)
    await acceptNew(shop, burst(2, { newest: 4 }))
    await shop.until('it is stale', () => shop.folded.size === 1)
    broken = false
    await hurry(scene)
    await shop.untilSettled(2)
    assert.deepEqual(runsOf(shop), ['1 + 0', '1 + 0'])
  })

  if (skills.drain)
    test('a pause that a handler asked for holds for later events too', async (scene) => {
      const shop = scene.join({
        lanes: [LANE],
        work: false,
        run: ({ event }) =>
          event.id === '1' ? { kind: 'postpone', at: Date.now() + HOUR } : DONE_OUTCOME,
      })
      await acceptNew(shop, burst(1))
      await shop.port.drain!(Date.now() + 10_000, 100)
      await acceptNew(shop, burst(2))
      assert.ok(await waits(shop))
      await hurry(scene)
      await shop.port.drain!(Date.now() + 10_000, 100)
      assert.deepEqual(runsOf(shop), ['1 + 0', '2 + 1'])
    })

  test('a deleted one gives up the events that it stands for', async (scene) => {
    const shop = scene.join({ lanes: [LANE], work: false })
    await acceptNew(shop, burst(1), burst(2), burst(3))
    assert.equal((await scene.view.delete({ state: 'pending' })).count, 1)
    shop.work()
    await acceptNew(shop, burst(4))
    await shop.untilSettled(1)
    assert.deepEqual(runsOf(shop), ['4 + 0'])
  })

  test('children of a task are not folded', async (scene) => {
    const child = (part: string): TaskDraft => ({ subscription: 'a', part })
    const shop = scene.join({
      lanes: [LANE],
      run: ({ part }) =>
        part === undefined ? { kind: 'done', spawn: [child('x'), child('y')] } : DONE_OUTCOME,
    })
    await acceptNew(shop, burst(1))
    await shop.untilSettled(3)
    assert.deepEqual([...shop.ran()].sort(), ['a:1', 'a:1~x', 'a:1~y'])
  })

  test('children that are folded, as of events that waited for a subscription, become one run', async (scene) => {
    const shop = scene.join({
      lanes: [LANE, lane('b')],
      work: false,
      run: ({ event, subscription }) =>
        subscription === 'b'
          ? { kind: 'done', spawn: burst(Number(event.id), { wait: HOUR }).tasks }
          : DONE_OUTCOME,
    })
    for (const id of ['1', '2', '3']) await shop.accept(item(id, ['b']))
    shop.work()
    await shop.until('two are folded', () => shop.settled.length === 3 && shop.folded.size === 2)
    await hurry(scene)
    await shop.untilSettled(4)
    assert.equal(shop.runs.at(-1)!.claim.folded!.count, 2)
  })

  test('of many keys, the last run of each saw the newest, and every event is counted once', async (scene) => {
    const shop = scene.join({
      lanes: [LANE],
      async run() {
        await new Promise((resolve) => setImmediate(resolve))
        return DONE_OUTCOME
      },
    })
    const [count, keys] = [210, 7]
    const counted = (): number =>
      shop.settled.reduce((sum, { claim }) => sum + 1 + claim.folded!.count, 0)
    await Promise.all(
      Array.from({ length: count }, async (_, at) =>
        shop.accept(burst(at, { key: `k${at % keys}`, newest: at })),
      ),
    )
    await shop.until('all are counted', () => {
      const stale = [...shop.folded.values()].filter((into) => into === undefined).length
      return counted() + stale === count
    })
    for (let key = 0; key < keys; key++) {
      const ran = shop.runs
        .map(({ claim }) => Number(claim.event.id))
        .filter((id) => id % keys === key)
      assert.equal(ran.at(-1), count - keys + key)
      assert.deepEqual(
        ran,
        ran.toSorted((a, b) => a - b),
      )
    }
  })

  if (skills.fair)
    test('events that are folded use one turn of their tenant', async (scene) => {
      const shop = scene.join({
        lanes: [lane('a', { ordered: true, concurrency: 1 })],
        work: false,
      })
      for (let id = 0; id < 50; id++) await acceptNew(shop, burst(id, { fairKey: 'loud' }))
      for (let at = 0; at < 10; at++) {
        await acceptNew(shop, burst(100 + at, { fairKey: 'loud', key: `l${at}` }))
        await acceptNew(shop, burst(200 + at, { fairKey: 'quiet', key: `q${at}` }))
      }
      shop.work()
      await shop.untilSettled(21)
      const loud = shop.ran().filter((label, at) => at < 9 && !label.startsWith('a:2'))
      assert.ok(loud.length >= 3, `of the first nine: ${shop.ran().slice(0, 9).join(' ')}`)
    })

  if (skills.bounded)
    test(
      'what is folded uses no room',
      async (scene) => {
        const shop = scene.join({ lanes: [LANE], work: false })
        for (let id = 0; id < 10; id++) await acceptNew(shop, burst(id, { wait: HOUR }))
      },
      { maxPending: 2 },
    )

  test(
    skills.durable
      ? 'closing leaves what waits to the next start'
      : 'closing runs what waits, which would be lost',
    async (scene) => {
      const before = scene.join({ lanes: [LANE] })
      await acceptNew(before, burst(1, { wait: HOUR }), burst(2, { wait: HOUR }))
      await before.leave()
      if (!skills.durable) return assert.deepEqual(runsOf(before), ['2 + 1'])
      await scene.restart()
      const shop = scene.join({ lanes: [LANE] })
      await acceptNew(shop, burst(3, { wait: HOUR }))
      assert.equal(await hurry(scene), 1)
      await shop.untilSettled(1)
      assert.deepEqual(runsOf(shop), ['3 + 2'])
      assert.equal(shop.runs[0]!.claim.folded!.since, FIRST + 1)
      assert.equal(before.runs.length, 0)
    },
  )

  if (skills.shared)
    test('a process of a version without the option runs what others folded, and its own events', async (scene) => {
      const web = scene.join({ lanes: [LANE], work: false })
      await acceptNew(web, burst(1), burst(2))
      const before = scene.join({ inbox: await scene.handle.another!() })
      await acceptNew(before, item('3'))
      await before.untilSettled(2)
      await acceptNew(web, burst(4))
      await before.untilSettled(3)
      assert.deepEqual([...before.ran()].sort(), ['a:2', 'a:3', 'a:4'])
      const folding = before.runs.find(({ claim }) => claim.event.id === '2')!
      assert.equal(folding.claim.folded!.count, 1)
    })

  if (skills.shared)
    test('one whose process died is folded, and its late outcome is rejected', async (scene) => {
      const open = gate()
      const stuck = scene.join({
        // Only one task may run.
        lanes: [lane('a', { ordered: true, concurrency: 1 })],
        run: () => open.passed.then(() => DONE_OUTCOME),
      })
      await acceptNew(stuck, burst(1))
      await stuck.until('it runs', () => stuck.runs.length === 1)
      // The newer event must be stored before the lease ends, even on a busy machine.
      await acceptNew(stuck, burst(2))
      await scene.handle.abandon!()
      const other = scene.join({ lanes: [LANE], inbox: await scene.handle.another!() })
      await other.untilSettled(1)
      assert.deepEqual(runsOf(other), ['2 + 1'])
      open.pass()
      await stuck.untilSettled(1)
      assert.equal(stuck.settled[0]!.stored, false)
    })
}
