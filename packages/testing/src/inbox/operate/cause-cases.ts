import assert from 'node:assert/strict'
import { gate, isSince, item, takeAt } from '../make.ts'
import { DONE_OUTCOME, retryIn } from '../recorder.ts'
import { listed, type SceneTest } from '../scene.ts'

const HOUR = 3_600_000

/** Defines tests of causes. A cause is a group of equal errors. */
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
    const [order, stock, ...more] = await scene.view.causes()
    assert.deepEqual(more, [])
    const { cause, sample, ...facts } = order!
    assert.match(sample.message, /^no order 1[78]$/)
    const lane = { receiver: 'shop', subscription: 'a' }
    assert.deepEqual(facts, {
      dead: 2,
      retrying: 1,
      first: 1000,
      last: 2000,
      subscriptions: [
        { ...lane, dead: 2, retrying: 0 },
        { ...lane, subscription: 'b', dead: 0, retrying: 1 },
      ],
      subscriptionCount: 2,
      among: 2,
      amongDead: 2,
    })
    assert.notEqual(stock!.cause, cause)
    assert.deepEqual([stock!.dead, stock!.first, stock!.last], [1, 3000, 3000])
    assert.deepEqual(await listed(scene, { cause, subscription: 'a' }), ['a:18', 'a:17'])
    const [failing, ...others] = await scene.view.causes({ subscription: 'b' })
    assert.deepEqual(others, [])
    const { dead, retrying, among, amongDead } = failing!
    assert.deepEqual([dead, retrying, among, amongDead], [0, 1, 1, 0])
    assert.deepEqual(await scene.view.causes({ receiver: 'bank' }), [])
  })

  test('of many causes the largest and the newest are listed, with the numbers of all', async (scene) => {
    const lanes = Array.from({ length: 10 }, (_, at) => `lane ${at}`)
    const shop = scene.join({
      lanes,
      run: ({ event }) => {
        const error = { name: 'Error', message: `no ${event.id}` }
        return event.id!.startsWith('later') ? { ...retryIn(HOUR), error } : { kind: 'dead', error }
      },
    })
    // Errors that differ only in digits have the same cause, so the ids are letters.
    const letters = (at: number): string =>
      String.fromCharCode(97 + Math.floor(at / 26), 97 + (at % 26))
    const each = (count: number, take: (letters: string, at: number) => Promise<unknown>) =>
      Promise.all(Array.from({ length: count }, (_, at) => take(letters(at), at)))
    await takeAt(shop, 'wide', 1, {}, lanes)
    await each(110, (name, at) => takeAt(shop, `old${name}`, 1000 + at, {}, lanes.slice(0, 2)))
    await takeAt(shop, 'new', 9000, {}, lanes.slice(1, 2))
    await each(55, (name, at) => takeAt(shop, `later${name}`, 9001 + at, {}, lanes.slice(2, 3)))
    await shop.untilSettled(10 + 220 + 1 + 55)

    const causes = await scene.view.causes()
    assert.ok(causes.length <= 100, String(causes.length))
    for (const { among, amongDead } of causes) assert.deepEqual([among, amongDead], [167, 112])
    const [wide] = causes
    assert.deepEqual(
      [wide!.sample.message, wide!.dead, wide!.subscriptionCount],
      ['no wide', 10, 10],
    )
    assert.equal(wide!.subscriptions.length, 8)
    const fresh = causes.find(({ sample }) => sample.message === 'no new')
    assert.equal(fresh?.dead, 1, 'a new cause is not hidden by larger old ones')
    const ones = causes.filter(({ sample }) => sample.message.startsWith('no old'))
    assert.ok(ones.length >= 49 && ones.every(({ dead }) => dead === 2), String(ones.length))
    assert.deepEqual(
      causes.map(({ dead }) => dead),
      causes.map(({ dead }) => dead).toSorted((one, other) => other - one),
    )
  })

  test('a version changes when a task did, and stays while none did', async (scene) => {
    const shop = scene.join({ work: false })
    const versions = [await scene.view.version()]
    const note = async (): Promise<void> => void versions.push(await scene.view.version())
    await shop.accept(item('1'))
    await note()
    shop.work()
    await shop.untilSettled(1)
    await note()
    await scene.view.list()
    assert.equal(new Set(versions).size, 3, versions.join(', '))
    const before = await scene.view.version()
    assert.equal(await scene.view.version(), before)
  })

  test('stats tell since when the oldest due task waits', async (scene) => {
    const open = gate()
    const shop = scene.join({
      lanes: ['a'],
      run: () => (shop.runs.length === 1 ? retryIn(HOUR) : open.passed.then(() => DONE_OUTCOME)),
    })
    const of = async (name: string): Promise<number | undefined> =>
      (await scene.view.stats()).find(({ subscription }) => subscription === name)?.oldestDueAt
    await shop.settle(1, item('1'))
    assert.equal(await of('a'), undefined, 'it waits for its time')
    const from = Date.now()
    await shop.accept(item('2', ['none']))
    const oldest = await of('none')
    assert.ok(isSince(from, oldest!), String(oldest))
    open.pass()
  })
}
