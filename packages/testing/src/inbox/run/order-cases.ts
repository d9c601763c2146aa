import assert from 'node:assert/strict'
import { gate, item } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME, lane, retryIn } from '../recorder.ts'
import type { SceneTest } from '../scene.ts'

const ORDERED = lane('a', { ordered: true, concurrency: 5 })
const keyed = (id: string, orderKey: string) => item(id, [{ subscription: 'a', orderKey }])

export function orderCases(test: SceneTest): void {
  test('of one key: in order of arrival, one at a time; other keys do not wait', async (scene) => {
    const first = gate()
    let running = 0
    const shop = scene.join({
      lanes: [ORDERED],
      async run({ event }) {
        if (event.id !== 'other') assert.equal(++running, 1, 'two of one key run at once')
        if (event.id === '1') await first.passed
        await new Promise((resolve) => setImmediate(resolve))
        if (event.id !== 'other') running--
        return DONE_OUTCOME
      },
    })
    await shop.accept(keyed('1', 'k'), keyed('2', 'k'))
    await shop.settle(1, keyed('3', 'k'), keyed('other', 'l'))
    assert.equal(shop.settled[0]!.claim.event.id, 'other')
    first.pass()
    await shop.untilSettled(4)
    assert.deepEqual(
      shop.ran().filter((ran) => ran !== 'a:other'),
      ['a:1', 'a:2', 'a:3'],
    )
  })

  test('a head that is tried again keeps the others of its key waiting', async (scene) => {
    const shop = scene.join({
      lanes: [ORDERED],
      run: ({ event, attempt }) => (event.id === '1' && attempt < 3 ? retryIn(20) : DONE_OUTCOME),
    })
    await shop.settle(5, keyed('1', 'k'), keyed('2', 'k'), keyed('3', 'k'))
    assert.deepEqual(shop.ran(), ['a:1', 'a:1', 'a:1', 'a:2', 'a:3'])
  })

  for (const how of ['revived', 'replayed'] as const)
    test(`a head that died and is ${how} runs next after the one that runs`, async (scene) => {
      const began = gate()
      const second = gate()
      const shop = scene.join({
        lanes: [ORDERED],
        async run({ event }) {
          if (shop.runs.length === 1) return DEAD_OUTCOME
          if (event.id === '2') {
            began.pass()
            await second.passed
          }
          return DONE_OUTCOME
        },
      })
      await shop.accept(keyed('1', 'k'), keyed('2', 'k'), keyed('3', 'k'))
      await began.passed
      if (how === 'revived') assert.deepEqual(await shop.accept(keyed('1', 'k')), ['revived'])
      else assert.equal((await scene.view.replay({ receiver: 'shop' })).count, 1)
      second.pass()
      await shop.untilSettled(4)
      assert.deepEqual(shop.ran(), ['a:1', 'a:2', 'a:1', 'a:3'])
    })

  test('a dead head releases its key', async (scene) => {
    const shop = scene.join({
      lanes: [ORDERED],
      run: ({ event }) => (event.id === '1' ? DEAD_OUTCOME : DONE_OUTCOME),
    })
    await shop.settle(2, keyed('1', 'k'), keyed('2', 'k'))
    assert.deepEqual(
      shop.settled.map(({ claim, outcome }) => [claim.event.id, outcome.kind]),
      [
        ['1', 'dead'],
        ['2', 'done'],
      ],
    )
  })

  test('a revived task waits until the one of its key that runs has ended', async (scene) => {
    const second = gate()
    let broken = true
    const shop = scene.join({
      lanes: [ORDERED],
      async run({ event }) {
        if (event.id === '1' && broken) return DEAD_OUTCOME
        if (event.id === '2') await second.passed
        return DONE_OUTCOME
      },
    })
    await shop.settle(1, keyed('1', 'k'))
    broken = false
    await shop.start(2, keyed('2', 'k'))
    assert.deepEqual(await shop.accept(keyed('1', 'k')), ['revived'])
    await shop.settle(2, keyed('x', 'other'))
    assert.deepEqual(shop.ran(), ['a:1', 'a:2', 'a:x'])
    second.pass()
    await shop.untilSettled(4)
    assert.deepEqual(shop.ran(), ['a:1', 'a:2', 'a:x', 'a:1'])
  })

  test('many keys at once keep the order of each', async (scene) => {
    const shop = scene.join({
      lanes: [ORDERED],
      async run() {
        await new Promise((resolve) => setImmediate(resolve))
        return DONE_OUTCOME
      },
    })
    const numbers = Array.from({ length: 60 }, (_, at) => at)
    for (const at of numbers) await shop.accept(keyed(String(at), `k${at % 7}`))
    await shop.untilSettled(60)
    for (let key = 0; key < 7; key++) {
      const own = numbers.filter((at) => at % 7 === key)
      const ran = shop.runs
        .map(({ claim }) => Number(claim.event.id))
        .filter((at) => at % 7 === key)
      assert.deepEqual(ran, own)
    }
  })
}
