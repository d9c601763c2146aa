import assert from 'node:assert/strict'
import type { EventRecord } from '@postern/core/engine'
import type { TaskDetail } from '@postern/core/inbox'
import { gate, everyPage, storedDelivery, item } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME } from '../recorder.ts'
import { taskOfEvent, type JoinedReceiver, type Scene, type SceneTest } from '../scene.ts'

const SECRET = { name: 'Ada', card: '4242' }

/** Gives each event one dead task per subscription (lane). */
async function dead(scene: Scene, ids: readonly string[], lanes = ['a']): Promise<JoinedReceiver> {
  const shop = scene.join({ lanes, run: () => DEAD_OUTCOME })
  const body = Buffer.from(JSON.stringify(SECRET))
  for (const id of ids) {
    const items = [item(id, lanes, { payload: SECRET, source: 'json' })]
    await shop.port.accept({ delivery: storedDelivery({ body }), items }, {})
  }
  await shop.untilSettled(ids.length * lanes.length)
  return shop
}

function assertErased({ record, delivery: left }: TaskDetail, id: string): void {
  assert.equal(record.erased, true)
  assert.equal(record.payload, null)
  assert.deepEqual(
    [record.id, record.key, record.topic, record.provider],
    [id, `:${id}`, 'thing.happened', 'acme'],
  )
  assert.deepEqual([left.method, left.url], ['POST', '/hooks'])
  assert.deepEqual(left.headers, [])
  assert.equal(left.body.length, 0)
  assert.ok(Date.now() - left.receivedAt < 60_000)
}

export function eraseCases(test: SceneTest, keepsDone: boolean): void {
  test('contents are erased, and identity, topic and times stay', async (scene) => {
    await dead(scene, ['1', '2'])
    assert.equal((await scene.view.erase({ eventId: '1' }, { dryRun: true })).count, 1)
    assert.deepEqual((await taskOfEvent(scene, '1')).record.payload, SECRET)
    assert.equal((await scene.view.list({ text: 'ada' })).rows.length, 2)
    assert.equal((await scene.view.erase({ eventId: '1' })).count, 1)
    assertErased(await taskOfEvent(scene, '1'), '1')
    assert.deepEqual((await taskOfEvent(scene, '2')).record.payload, SECRET)
    assert.equal((await scene.view.erase({ eventId: '1' })).count, 0)
    assert.equal((await scene.view.list({ text: 'ada' })).rows.length, 1)
  })

  test('a redelivery of an erased event is a duplicate, and nothing runs it again', async (scene) => {
    const shop = await dead(scene, ['1', '2'])
    await scene.view.erase({ eventId: '1' })
    assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
    assert.equal((await scene.view.replay({ receiver: 'shop' }, { dryRun: true })).count, 1)
    assert.equal((await scene.view.replay({ eventId: '1' })).count, 0)
    const { id } = await taskOfEvent(scene, '1')
    const mistake = (error: unknown): boolean =>
      error instanceof TypeError && error.message.includes(id) && /erased/.test(error.message)
    await assert.rejects(async () => scene.view.replay({ id }), mistake)
    await assert.rejects(async () => scene.view.rerun(id, { payload: 1 }), mistake)
    assert.equal((await scene.view.replay({ receiver: 'shop' })).count, 1)
    await shop.untilSettled(3)
    assert.deepEqual(shop.ran(), ['a:1', 'a:2', 'a:2'])
    assertErased(await taskOfEvent(scene, '1'), '1')
  })

  test('an event with an open task is left as it is', async (scene) => {
    const open = gate()
    const shop = scene.join({ run: () => open.passed.then(() => DEAD_OUTCOME) })
    await shop.start(1, item('1', ['a', 'no worker']))
    assert.equal((await scene.view.erase({})).count, 0)
    open.pass()
    await shop.untilSettled(1)
    assert.equal((await scene.view.erase({ subscription: 'a', state: 'dead' })).count, 0)
    assert.equal((await scene.view.delete({ subscription: 'no worker' })).count, 1)
    assert.equal((await scene.view.erase({})).count, 1)
    assertErased(await taskOfEvent(scene, '1'), '1')
  })

  test('of events that came together, the others keep their contents', async (scene) => {
    const shop = scene.join({ run: () => DEAD_OUTCOME })
    await shop.settle(3, item('1'), item('2'), item('3'))
    assert.equal((await scene.view.erase({ eventId: '2' })).count, 1)
    assertErased(await taskOfEvent(scene, '2'), '2')
    for (const id of ['1', '3']) {
      const kept = await taskOfEvent(scene, id)
      assert.deepEqual(kept.record.payload, { number: 1 })
      assert.equal(Buffer.from(kept.delivery.body).toString(), '{"ok":true}')
      assert.equal(kept.delivery.headers.length, 3)
    }
    assert.equal((await scene.view.erase({ keys: [':1', ':2', ':3'] })).count, 2)
    assertErased(await taskOfEvent(scene, '1'), '1')
    assertErased(await taskOfEvent(scene, '3'), '3')
  })

  test('a part of the payload can stay', async (scene) => {
    const shop = scene.join({ run: () => DEAD_OUTCOME })
    await shop.settle(1, item('1', ['a'], { payload: { ...SECRET, big: 2n ** 60n } }))
    const seen: EventRecord[] = []
    const keep = (event: EventRecord): unknown => {
      seen.push(event)
      const { name, big } = event.payload as typeof SECRET & { big: bigint }
      return { name, big }
    }
    assert.equal((await scene.view.erase({ receiver: 'shop' }, { keep })).count, 1)
    assert.deepEqual((seen[0]!.payload as typeof SECRET).card, '4242')
    const left = await taskOfEvent(scene, '1')
    assert.deepEqual(left.record.payload, { name: 'Ada', big: 2n ** 60n })
    assert.equal(left.record.erased, true)
    assert.equal(left.delivery.body.length, 0)
  })

  test('it counts events and not tasks, in chunks that a cursor joins', async (scene) => {
    const ids = ['1', '2', '3', '4', '5']
    await dead(scene, ids, ['a', 'b', 'c'])
    for (const dryRun of [true, false])
      for (const filter of [{ receiver: 'shop' }, { state: 'dead' } as const]) {
        const chunks = await everyPage((from) =>
          scene.view.erase(filter, { limit: 2, dryRun, ...from }),
        )
        const left = dryRun || 'receiver' in filter ? 5 : 0
        const total = chunks.reduce((sum, { count }) => sum + count, 0)
        assert.equal(total, left, JSON.stringify({ dryRun, filter, chunks }))
      }
  })

  test('what `storage.content` marked is left while a task of it is dead', async (scene) => {
    const shop = scene.join({ run: () => DEAD_OUTCOME })
    await shop.settle(1, item('1', ['a'], { passing: true }))
    for (const filter of [{ receiver: 'shop' }, { keys: [':1'] }])
      assert.equal((await scene.view.erase(filter, { passing: true })).count, 0)
    assert.equal((await taskOfEvent(scene, '1')).record.erased, undefined)
  })

  test('unknown options and keys are mistakes', async (scene) => {
    await assert.rejects(async () => scene.view.erase({ topci: 'x' } as never), TypeError)
    await assert.rejects(async () => scene.view.erase({}, { rate: 1 } as never), TypeError)
  })

  if (keepsDone) doneCases(test)
}

function doneCases(test: SceneTest): void {
  test('of done events, a search for what `storage.content` marked finds only those', async (scene) => {
    const shop = scene.join({ run: () => DONE_OUTCOME })
    await shop.accept(item('1', ['a'], { passing: true }))
    await shop.settle(3, item('2', ['a'], { passing: true }), item('3'))
    assert.equal((await scene.view.erase({ receiver: 'other' }, { passing: true })).count, 0)
    const keys = [':1', ':3']
    assert.equal((await scene.view.erase({ receiver: 'shop', keys }, { passing: true })).count, 1)
    assertErased(await taskOfEvent(scene, '1'), '1')
    assert.equal((await scene.view.erase({ receiver: 'shop' }, { passing: true })).count, 1)
    assertErased(await taskOfEvent(scene, '2'), '2')
    assert.equal((await taskOfEvent(scene, '3')).record.erased, undefined)
    assert.deepEqual(await shop.accept(item('2')), ['duplicate'])
    assert.equal((await scene.view.replay({ state: 'done' }, { dryRun: true })).count, 1)
  })

  test('an event whose tasks are gone is found by its own keys', async (scene) => {
    const shop = await dead(scene, ['1', '2', '3'])
    assert.equal((await scene.view.delete({ state: 'dead' })).count, 3)
    assert.equal((await scene.view.erase({ eventId: '1' }, { dryRun: true })).count, 1)
    assert.equal((await scene.view.erase({ keys: [':1'] })).count, 1)
    assert.equal((await scene.view.erase({ receiver: 'other' })).count, 0)
    assert.equal((await scene.view.erase({ receiver: 'shop', topic: 'thing.*' })).count, 2)
    assert.equal((await scene.view.erase({ receiver: 'shop' })).count, 0)
    assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
  })
}
