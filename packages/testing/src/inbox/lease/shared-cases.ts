import assert from 'node:assert/strict'
import { gate } from '../gate.ts'
import { intake, item } from '../make.ts'
import { DONE_OUTCOME, lane } from '../recorder.ts'
import type { SceneTest } from '../scene.ts'

/** Several processes on one store, as far as two inboxes in one process can show it. */
export function sharedCases(test: SceneTest): void {
  test('what one process stores, another runs', async (scene) => {
    const web = scene.join({ work: false })
    const worker = scene.join({ inbox: await scene.handle.another!() })
    assert.deepEqual(await web.port.accept(intake(item('1')), {}), ['new'])
    await worker.untilSettled(1)
    assert.deepEqual(await web.port.accept(intake(item('1')), {}), ['duplicate'])
    assert.equal(web.runs.length, 0)
  })

  test('an event accepted by both at once is new once and runs once', async (scene) => {
    const one = scene.join()
    const two = scene.join({ inbox: await scene.handle.another!() })
    const ids = Array.from({ length: 20 }, (_, at) => `e${at}`)
    const taken = await Promise.all(
      ids.flatMap((id) =>
        [one, two].map(async ({ port }) => (await port.accept(intake(item(id)), {}))[0]!),
      ),
    )
    assert.equal(taken.filter((each) => each === 'new').length, 20)
    const ran = (): string[] => [...one.ran(), ...two.ran()].sort()
    await Promise.race([
      one.until('all ran', () => ran().length >= 20),
      two.until('all ran', () => ran().length >= 20),
    ])
    assert.deepEqual(ran(), ids.map((id) => `a:${id}`).sort())
  })

  test('two processes share the work, and no task runs twice', async (scene) => {
    const web = scene.join({ work: false })
    const other = await scene.handle.another!()
    const ids = Array.from({ length: 200 }, (_, at) => `e${at}`)
    await Promise.all(ids.map(async (id) => web.port.accept(intake(item(id)), {})))
    web.work()
    const worker = scene.join({ inbox: other })
    const settled = (): number => web.settled.length + worker.settled.length
    await Promise.race([
      web.until('all are settled', () => settled() >= 200),
      worker.until('all are settled', () => settled() >= 200),
    ])
    assert.deepEqual([...web.ran(), ...worker.ran()].sort(), ids.map((id) => `a:${id}`).sort())
    assert.ok([...web.settled, ...worker.settled].every(({ stored }) => stored))
  })

  test('each process runs the subscriptions it has, and leaves the others alone', async (scene) => {
    const one = scene.join({ lanes: ['a'] })
    const two = scene.join({ lanes: ['b'], inbox: await scene.handle.another!() })
    await one.port.accept(intake(item('1', ['a', 'b']), item('2', ['b'])), {})
    await two.port.accept(intake(item('3', ['a', 'b'])), {})
    await Promise.all([one.untilSettled(2), two.untilSettled(3)])
    assert.deepEqual([...one.ran()].sort(), ['a:1', 'a:3'])
    assert.deepEqual([...two.ran()].sort(), ['b:1', 'b:2', 'b:3'])
  })

  test('a task whose process gives no sign of life runs elsewhere, and its late outcome is refused', async (scene) => {
    const open = gate()
    const stuck = scene.join({
      lanes: [lane('a', { concurrency: 1 })],
      run: () => open.passed.then(() => DONE_OUTCOME),
    })
    await stuck.port.accept(intake(item('1')), {})
    await stuck.until('it runs', () => stuck.runs.length === 1)
    await scene.handle.abandon!()
    const other = scene.join({ inbox: await scene.handle.another!() })
    await other.untilSettled(1)
    assert.equal(other.runs[0]!.claim.attempt, 1, 'an interruption uses no attempt')
    open.pass()
    await stuck.untilSettled(1)
    assert.equal(stuck.settled[0]!.stored, false)
    assert.equal(other.settled[0]!.stored, true)
    assert.deepEqual(await other.port.accept(intake(item('1')), {}), ['duplicate'])
  })
}
