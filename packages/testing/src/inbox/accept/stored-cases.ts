import assert from 'node:assert/strict'
import { UnrecoverableError, type ReceiverOptions } from '@postern/core'
import { createSeal, opened } from '@postern/core/engine'
import type { TaskDetail } from '@postern/core/inbox'
import { eventually, item } from '../make.ts'
import { taskOfEvent, receiverHeard, deliverSigned, type Scene, type SceneTest } from '../scene.ts'

const KEY = Buffer.alloc(32, 7)

async function erased(scene: Scene, id: string): Promise<TaskDetail> {
  await eventually(
    `${id} is erased`,
    async () => (await taskOfEvent(scene, id)).record.erased === true,
  )
  return taskOfEvent(scene, id)
}

/** Defines tests of a receiver with `storage.content`, on inboxes that keep done tasks. */
export function storedCases(test: SceneTest, folds: boolean): void {
  for (const [what, more] of [
    ['', {}],
    [', encrypted', { encryptionKey: KEY }],
  ] as const)
    test(`handlers get everything, and then only what \`storage.content\` returns is left${what}`, async (scene) => {
      const seen: unknown[] = []
      const { receiver, until } = receiverHeard(scene, {
        storage: { ...more, content: ({ n }: { n: number }) => ({ kept: n }) },
      } as Partial<ReceiverOptions>)
      receiver.on('thing.*', { name: 'first' }, ({ payload, delivery }) => {
        seen.push(payload, Buffer.from(delivery.body).toString())
      })
      receiver.on('thing.*', { name: 'second' }, ({ payload }) => void seen.push(payload))
      await deliverSigned(receiver, '1')
      await until('done 1')
      const { record, delivery } = await erased(scene, '1')
      assert.deepEqual(
        seen.filter((one) => typeof one === 'object'),
        [{ n: 7 }, { n: 7 }],
      )
      assert.ok(seen.includes('{"n":7}'))
      assert.deepEqual([delivery.headers, delivery.body.length], [[], 0])
      if (what === '') assert.deepEqual(record.payload, { kept: 7 })
      else {
        assert.ok(!JSON.stringify(record.payload).includes('kept'))
        const { event } = opened(createSeal(KEY), { event: record, delivery })
        assert.deepEqual([event.payload, event.erased], [{ kept: 7 }, true])
      }
      await deliverSigned(receiver, '1')
      await until('duplicate 1')
      assert.equal(seen.length, 3)
    })

  if (folds)
    test('events that were folded or stale are erased too', async (scene) => {
      const { receiver, until } = receiverHeard(scene, {
        storage: { content: false },
        worker: 'onDemand',
      })
      const newest = ({ id }: { readonly id?: string | undefined }): number => (id === '3' ? 0 : 1)
      receiver.on('thing.*', { name: 'first', debounce: { key: () => 'k', newest } }, () => {})
      for (const id of ['1', '2', '3']) await deliverSigned(receiver, id)
      await receiver.runDue()
      await until('done 2')
      for (const id of ['1', '2', '3']) assert.equal((await erased(scene, id)).record.payload, null)
    })

  test('a dead task holds its event back until it is done or deleted', async (scene) => {
    const { receiver, until } = receiverHeard(scene, { storage: { content: false } })
    let broken = true
    receiver.on('thing.*', { name: 'first' }, () => {
      if (broken) throw new UnrecoverableError('out of order')
    })
    receiver.on('thing.*', { name: 'second' }, () => {})
    await deliverSigned(receiver, '1')
    await deliverSigned(receiver, '2')
    for (const one of ['dead 1', 'done 1', 'dead 2', 'done 2']) await until(one)
    assert.equal((await taskOfEvent(scene, '1')).record.erased, undefined)
    broken = false
    assert.equal((await receiver.replay({ eventId: '1' })).count, 1)
    assert.equal((await erased(scene, '1')).record.payload, null)
    assert.deepEqual((await taskOfEvent(scene, '2')).record.payload, { n: 7 })
    assert.equal((await scene.view.delete({ eventId: '2', state: 'dead' })).count, 1)
    await erased(scene, '2')
  })

  test('a body that `storage.content` cannot reduce is erased as a whole, and a warning says so', async (scene) => {
    const warnings: string[] = []
    const { receiver, until } = receiverHeard(scene, {
      log: { warning: (_, message) => void warnings.push(message) },
      storage: {
        content: () => {
          throw new Error('no such member')
        },
      },
    })
    receiver.on('thing.*', () => {})
    await deliverSigned(receiver, '1')
    await until('done 1')
    assert.equal((await erased(scene, '1')).record.payload, null)
    assert.match(warnings.join('\n'), /storage\.content failed.*no such member/)
  })

  test('what a process left behind when it died is erased by the next one', async (scene) => {
    // This receiver erases nothing, like a process that dies directly after its last task.
    const shop = scene.join({ receiver: 'acme' })
    await shop.settle(1, item('1', ['a'], { passing: true }))
    await scene.restart()
    const { receiver } = receiverHeard(scene, { storage: { content: false } })
    receiver.on('thing.*', () => {})
    await receiver.startWorker()
    assert.equal((await erased(scene, '1')).record.payload, null)
  })
}
