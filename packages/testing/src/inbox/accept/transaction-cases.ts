import assert from 'node:assert/strict'
import { gate, item } from '../make.ts'
import { DONE_OUTCOME, lane } from '../recorder.ts'
import { receiverHeard, deliverSigned, type Scene, type SceneTest } from '../scene.ts'

/** Functions for the transaction of `task.commit`, with which the tests write and read strings. */
export interface TransactionProbe {
  /** Creates the table of strings that `write` needs. */
  setUp(transaction: unknown): unknown
  /** Writes a string in the transaction. */
  write(transaction: unknown, text: string): unknown
  /** Returns the strings that were committed. */
  read(): Promise<readonly string[]> | readonly string[]
}

/** Defines tests of `task.commit`. `probe` is for the store of the inbox that was created last. */
export function transactionCases(test: SceneTest, probe: () => TransactionProbe): void {
  test('what commit writes is there when the task is done, and the task is done with it', async (scene) => {
    await setUp(scene)
    const writer = receiverHeard(scene, { name: 'writer' })
    writer.receiver.on('thing.*', async (event, task) => {
      await task.commit((transaction) => probe().write(transaction, `effect of ${event.id}`))
    })
    await deliverSigned(writer.receiver, '1')
    await writer.until('done 1')
    assert.deepEqual(await probe().read(), ['effect of 1'])
  })

  test('a write that throws leaves nothing, and the task is tried again', async (scene) => {
    await setUp(scene)
    let attempts = 0
    const shop = scene.join({
      async run({ commit }) {
        attempts++
        try {
          await commit!((transaction) => {
            const written = probe().write(transaction, `attempt ${attempts}`)
            if (attempts === 1) throw new Error('half way')
            return written
          }, undefined)
          return DONE_OUTCOME
        } catch (error) {
          const { name, message } = error as Error
          return { kind: 'retry', at: Date.now(), error: { name, message } }
        }
      },
    })
    await shop.settle(2, item('1'))
    assert.deepEqual(await probe().read(), ['attempt 2'])
  })

  test('after commit, what the attempt reports changes nothing; children are stored with it', async (scene) => {
    const shop = scene.join({
      async run({ commit, part }) {
        if (part !== undefined) return DONE_OUTCOME
        await commit!(() => undefined, [{ subscription: 'a', part: 'child' }])
        return { kind: 'dead', error: { name: 'Error', message: 'too late' } }
      },
    })
    await shop.settle(2, item('1'))
    assert.deepEqual(
      shop.settled.map(({ outcome, stored }) => [outcome.kind, stored]),
      [
        ['done', true],
        ['done', true],
      ],
    )
    assert.deepEqual(shop.ran(), ['a:1', 'a:1~child'])
    assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
  })

  test('commit of a lost claim throws and writes nothing', async (scene) => {
    if (!scene.handle.abandon || !scene.handle.another) return
    await setUp(scene)
    const open = gate()
    const failures: unknown[] = []
    const stuck = scene.join({
      // The subscription's concurrency is 1, so this process cannot claim the task again.
      lanes: [lane('a', { concurrency: 1 })],
      async run({ commit }) {
        await open.passed
        try {
          await commit!((transaction) => probe().write(transaction, 'late'), undefined)
        } catch (error) {
          failures.push(error)
        }
        return DONE_OUTCOME
      },
    })
    await stuck.start(1, item('1'))
    await scene.handle.abandon()
    const other = scene.join({ inbox: await scene.handle.another() })
    await other.untilSettled(1)
    open.pass()
    await stuck.untilSettled(1)
    assert.equal(failures.length, 1)
    assert.equal(stuck.settled[0]!.stored, false)
    assert.deepEqual(await probe().read(), [])
  })

  /** Another receiver's task creates the table, because only tasks have a transaction. */
  async function setUp(scene: Scene): Promise<void> {
    const shop = scene.join({
      receiver: 'setup',
      async run({ commit }) {
        await commit!((transaction) => probe().setUp(transaction), undefined)
        return DONE_OUTCOME
      },
    })
    await shop.settle(1, item('setup'))
  }
}
