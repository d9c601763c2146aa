import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { storedDelivery, item } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME, lane, retryIn } from '../recorder.ts'
import type { SceneTest } from '../scene.ts'

const HOUR = 3_600_000

export function restartCases(test: SceneTest): void {
  test('pending tasks run after a restart, and done ones do not run again', async (scene) => {
    const before = scene.join({ lanes: ['a', 'b'] })
    await before.settle(1, item('1', ['a', 'later']))
    await scene.restart()
    const after = scene.join({ lanes: ['a', 'later'] })
    await after.untilSettled(1)
    assert.deepEqual(await after.accept(item('1', ['a', 'later'])), ['duplicate'])
    await after.settle(2, item('last'))
    assert.deepEqual(after.ran(), ['later:1', 'a:last'])
  })

  test('what was stored comes back as it was', async (scene) => {
    const payload = { big: 12345678901234567890n, bytes: Buffer.from([1, 255]) }
    const before = scene.join({ work: false })
    const from = storedDelivery({ body: Buffer.from([0, 1, 254, 255]), context: { tenant: 7 } })
    const task = { subscription: 'a', part: 'p', data: { to: ['x'] } }
    await before.port.accept({ delivery: from, items: [item('1', [task], { payload })] }, {})
    await scene.restart()
    const after = scene.join()
    await after.untilSettled(1)
    const { claim } = after.runs[0]!
    const got = claim.event.payload as typeof payload
    assert.equal(got.big, payload.big)
    assert.deepEqual(Buffer.from(got.bytes), payload.bytes)
    assert.deepEqual(Buffer.from(claim.delivery.body), Buffer.from(from.body))
    assert.deepEqual(claim.delivery.context, { tenant: 7 })
    assert.deepEqual([claim.part, claim.data], ['p', { to: ['x'] }])
  })

  for (const [what, outcome, attempt] of [
    ['waits for its retry keeps its attempts', () => retryIn(HOUR), 2],
    ['is dead stays dead', () => DEAD_OUTCOME, 1],
  ] as const)
    test(`a task that ${what}, and a redelivery revives it`, async (scene) => {
      const before = scene.join({ run: outcome })
      await before.settle(1, item('1'))
      await scene.restart()
      const after = scene.join()
      await after.settle(1, item('other'))
      assert.deepEqual(after.ran(), ['a:other'])
      assert.deepEqual(await after.accept(item('1')), ['revived'])
      await after.untilSettled(2)
      assert.deepEqual(after.attempts(), [1, attempt])
    })

  test('a retry that became due while nobody worked runs at once', async (scene) => {
    const before = scene.join({ run: () => retryIn(1) })
    await before.accept(item('1'))
    await before.until('it is settled', () => before.settled.length > 0)
    await scene.restart()
    const after = scene.join()
    await after.until('it runs again', () => after.settled.some(({ claim }) => claim.attempt > 1))
  })

  test('children outlive a restart', async (scene) => {
    const before = scene.join({
      run: () => ({ kind: 'done', spawn: [{ subscription: 'later', part: 'x' }] }),
    })
    await before.settle(1, item('1'))
    await scene.restart()
    const after = scene.join({ lanes: ['a', 'later'] })
    await after.untilSettled(1)
    assert.deepEqual(after.ran(), ['later:1~x'])
  })

  test('a subscription that was renamed meanwhile gets its old tasks', async (scene) => {
    const before = scene.join({ lanes: ['old'], work: false })
    await before.accept(item('1', ['old']))
    await scene.restart()
    const after = scene.join({ lanes: [lane('new', { previousNames: ['old'] })] })
    await after.untilSettled(1)
    assert.deepEqual(after.ran(), ['old:1'])
    assert.deepEqual(await after.accept(item('1', ['new'])), ['duplicate'])
  })

  test('an event that is being accepted while the inbox closes is stored, or its accept rejects', async (scene) => {
    const before = scene.join({ work: false })
    const taken = Promise.allSettled(
      Array.from({ length: 20 }, async (_, at) => before.accept(item(`e${at}`))),
    )
    await scene.restart()
    const kept = (await taken).filter(({ status }) => status === 'fulfilled').length
    const after = scene.join({ run: () => DONE_OUTCOME })
    await after.untilSettled(kept)
    assert.ok(after.settled.length >= kept)
  })
}
