import assert from 'node:assert/strict'
import type { EventRecord, IntakeItem } from '@postern/core/engine'
import { intake, item } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME } from '../recorder.ts'
import type { SceneTest } from '../scene.ts'

function guarded(
  id: string,
  otherwise: 'reject' | 'duplicate',
  keys: readonly string[] = ['nonce-1'],
  more: Partial<EventRecord> = {},
): IntakeItem {
  return item(id, ['a'], { guards: keys.map((key) => ({ key, otherwise })), ...more })
}

/** Defines tests of guards. A guard is a key that only one event may have. */
export function guardCases(test: SceneTest, durable: boolean): void {
  test('a second event with the key is rejected, with all of its delivery', async (scene) => {
    const shop = scene.join()
    assert.deepEqual(await shop.accept(guarded('1', 'reject')), ['new'])
    await shop.untilSettled(1)
    assert.deepEqual(await shop.accept(item('2'), guarded('3', 'reject')), ['rejected', 'rejected'])
    assert.deepEqual(
      await shop.accept(item('2')),
      ['new'],
      'nothing of the rejected delivery was kept',
    )
    await shop.untilSettled(2)
    assert.deepEqual(shop.ran(), ['a:1', 'a:2'])
  })

  test('a redelivery of the event that holds the key passes', async (scene) => {
    let broken = true
    const shop = scene.join({ run: () => (broken ? DEAD_OUTCOME : DONE_OUTCOME) })
    await shop.settle(1, guarded('1', 'reject'))
    broken = false
    assert.deepEqual(await shop.accept(guarded('1', 'reject')), ['revived'])
    await shop.untilSettled(2)
    assert.deepEqual(await shop.accept(guarded('1', 'reject')), ['duplicate'])
  })

  test('where the guard says duplicate, the event runs nothing and the others of its delivery run', async (scene) => {
    const shop = scene.join()
    await shop.settle(1, guarded('1', 'duplicate'))
    assert.deepEqual(await shop.accept(guarded('2', 'duplicate'), item('3')), ['duplicate', 'new'])
    await shop.untilSettled(2)
    assert.deepEqual(shop.ran(), ['a:1', 'a:3'])
  })

  test('an event claims all of its keys', async (scene) => {
    const shop = scene.join()
    await shop.accept(guarded('1', 'reject', ['x', 'y']))
    for (const key of ['x', 'y'])
      assert.deepEqual(await shop.accept(guarded('2', 'reject', ['z', key])), ['rejected'])
    assert.deepEqual(
      await shop.accept(guarded('3', 'reject', ['z'])),
      ['new'],
      'a rejected event claims no key',
    )
    await shop.untilSettled(2)
  })

  test('events of one delivery that share a key', async (scene) => {
    const shop = scene.join()
    const rejected = intake(guarded('1', 'reject'), guarded('2', 'reject'))
    assert.deepEqual(await shop.port.accept(rejected, {}), ['rejected', 'rejected'])
    const doubled = intake(guarded('3', 'duplicate'), guarded('4', 'duplicate'))
    assert.deepEqual(await shop.port.accept(doubled, {}), ['new', 'duplicate'])
    await shop.untilSettled(1)
    assert.deepEqual(shop.ran(), ['a:3'])
  })

  test('events without an identity are guarded too', async (scene) => {
    const shop = scene.join()
    const anonymous = (key: string): IntakeItem =>
      guarded('x', 'reject', ['nonce-1'], { key, dedupe: false, id: undefined })
    assert.deepEqual(await shop.accept(anonymous('~1')), ['new'])
    assert.deepEqual(await shop.accept(anonymous('~2')), ['rejected'])
    await shop.untilSettled(1)
  })

  test("a key belongs to one receiver, and is not an event's identity", async (scene) => {
    const shop = scene.join()
    const bank = scene.join({ receiver: 'bank' })
    await shop.accept(guarded('1', 'reject', ['same']))
    assert.deepEqual(await bank.accept(guarded('1', 'reject', ['same'])), ['new'])
    const plain = item('same', ['a'], { key: 'same' })
    assert.deepEqual(await shop.accept(plain), ['new'])
    await Promise.all([shop.untilSettled(2), bank.untilSettled(1)])
  })

  test('of events that come at once, one gets the key', async (scene) => {
    const shop = scene.join({ work: false })
    const inbox = await scene.handle.another?.()
    const other = inbox ? scene.join({ inbox, work: false }) : shop
    const taken = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, at) =>
        (at % 2 ? shop : other).accept(guarded(`e${at}`, 'reject')),
      ),
    )
    // While another event with the key is not stored yet, an inbox may reply 503, and the sender retries.
    const said = taken.map((one) =>
      one.status === 'fulfilled'
        ? one.value[0]
        : `status ${(one.reason as { status?: number }).status}`,
    )
    assert.equal(said.filter((one) => one === 'new').length, 1)
    assert.ok(
      said.every((one) => one === 'new' || one === 'rejected' || one === 'status 503'),
      said.join(', '),
    )
    shop.work()
    await shop.untilSettled(1)
    assert.deepEqual(await shop.accept(guarded('late', 'reject')), ['rejected'])
  })

  test('handlers see no guards', async (scene) => {
    const shop = scene.join({ work: false })
    await shop.accept(guarded('1', 'reject'))
    await scene.view.list()
    shop.work()
    await shop.untilSettled(1)
    const [task] = (await scene.view.list()).rows
    const detail = task && (await scene.view.get(task.id))
    assert.equal(detail?.record.guards, undefined)
  })

  if (!durable) return
  test('keys outlive a restart', async (scene) => {
    const before = scene.join()
    await before.settle(1, guarded('1', 'reject'))
    await scene.restart()
    const after = scene.join()
    assert.deepEqual(await after.accept(guarded('2', 'reject')), ['rejected'])
    assert.deepEqual(await after.accept(guarded('1', 'reject')), ['duplicate'])
  })
}
