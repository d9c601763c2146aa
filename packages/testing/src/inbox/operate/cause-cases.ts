import assert from 'node:assert/strict'
import type { InboxView, TaskQuery } from '@postern/core/inbox'
import { gate } from '../gate.ts'
import { intake, item, takeAt } from '../make.ts'
import { DONE_OUTCOME, retryIn } from '../recorder.ts'
import type { Scene, SceneTest } from '../scene.ts'

const HOUR = 3_600_000
const view = (scene: Scene): InboxView => scene.inbox.view!

async function list(scene: Scene, query: TaskQuery): Promise<readonly string[]> {
  const { rows } = await view(scene).list(query)
  return rows!.map(({ subscription, event }) => `${subscription}:${event.id}`)
}

/** What operators ask often: causes, a version, since when the oldest waits. */
export function causeCases(test: SceneTest): void {
  test('causes group dead and failing tasks by error', async (scene) => {
    const shop = scene.join({
      lanes: ['a', 'b'],
      run({ event, subscription }) {
        if (event.id === 'fine') return DONE_OUTCOME
        const message = event.id === 'odd' ? 'no stock' : `no order ${event.id}`
        const error = { name: 'Error', message }
        return subscription === 'a' ? { kind: 'dead', error } : { ...retryIn(HOUR), error }
      },
    })
    await takeAt(shop, '17', 1000, {}, ['a', 'b'])
    await takeAt(shop, '18', 2000)
    await takeAt(shop, 'odd', 3000)
    await takeAt(shop, 'fine', 4000)
    await shop.untilSettled(5)
    const causes = await view(scene).causes()
    const of = (subscription: string, word: string) =>
      causes.find((one) => one.subscription === subscription && one.sample.message.includes(word))!
    const { cause, dead, retrying, first, last, receiver } = of('a', 'order')
    assert.deepEqual([dead, retrying, first, last, receiver], [2, 0, 1000, 2000, 'shop'])
    assert.deepEqual([of('b', 'order').retrying, of('b', 'order').dead], [1, 0])
    assert.equal(of('b', 'order').cause, cause)
    assert.notEqual(of('a', 'stock').cause, cause)
    assert.equal(causes.length, 3)
    assert.equal(causes[0]!.cause, cause, 'the most tasks first')
    assert.equal(causes[1]!.cause, cause, 'its subscriptions stand together')
    assert.deepEqual(
      causes.map(({ among }) => among),
      [2, 2, 2],
      'how many causes there are in all',
    )
    assert.deepEqual(await list(scene, { cause, subscription: 'a' }), ['a:18', 'a:17'])
    assert.equal((await view(scene).causes({ subscription: 'b' })).length, 1)
    assert.deepEqual(await view(scene).causes({ receiver: 'bank' }), [])
  })

  test('a version changes when a task did, and stays while none did', async (scene) => {
    const shop = scene.join({ work: false })
    const versions = [await view(scene).version()]
    const note = async (): Promise<void> => void versions.push(await view(scene).version())
    await shop.port.accept(intake(item('1')), {})
    await note()
    shop.work()
    await shop.untilSettled(1)
    await note()
    await view(scene).list()
    assert.equal(new Set(versions).size, 3, versions.join(', '))
    const before = await view(scene).version()
    assert.equal(await view(scene).version(), before)
  })

  test('stats tell since when the oldest due task waits', async (scene) => {
    const open = gate()
    const shop = scene.join({
      lanes: ['a'],
      run: () => (shop.runs.length === 1 ? retryIn(HOUR) : open.passed.then(() => DONE_OUTCOME)),
    })
    const of = async (name: string): Promise<number | undefined> =>
      (await view(scene).stats()).find(({ subscription }) => subscription === name)?.oldest
    await shop.port.accept(intake(item('1')), {})
    await shop.untilSettled(1)
    assert.equal(await of('a'), undefined, 'it waits for its time')
    const from = Date.now()
    await shop.port.accept(intake(item('2', ['none'])), {})
    const oldest = await of('none')
    assert.ok(oldest! >= from - 1 && oldest! <= Date.now() + 1, String(oldest))
    open.pass()
  })
}
