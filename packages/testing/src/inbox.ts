import assert from 'node:assert/strict'
import { acceptCases } from './inbox/accept/accept-cases.ts'
import { arrivalCases } from './inbox/journal/arrival-cases.ts'
import { actionCases } from './inbox/operate/action-cases.ts'
import { attemptCases } from './inbox/run/attempt-cases.ts'
import { changeCases } from './inbox/operate/change-cases.ts'
import { catchUpCases } from './inbox/journal/catch-up-cases.ts'
import { causeCases } from './inbox/operate/cause-cases.ts'
import { closeCases } from './inbox/lease/close-cases.ts'
import { drainCases } from './inbox/lease/drain-cases.ts'
import { duplicateCases } from './inbox/accept/duplicate-cases.ts'
import { eraseCases } from './inbox/operate/erase-cases.ts'
import { fairCases, perKeyCases } from './inbox/run/fair-cases.ts'
import { fullCases } from './inbox/accept/full-cases.ts'
import { guardCases } from './inbox/accept/guard-cases.ts'
import { interruptionCases } from './inbox/lease/interruption-cases.ts'
import { historyCases } from './inbox/journal/history-cases.ts'
import { debounceCases } from './inbox/run/debounce-cases.ts'
import { debounceReplayCases } from './inbox/run/debounce-replay-cases.ts'
import { orderCases } from './inbox/run/order-cases.ts'
import { pageCases } from './inbox/operate/page-cases.ts'
import { receiverCases } from './inbox/run/receiver-cases.ts'
import { restartCases } from './inbox/lease/restart-cases.ts'
import {
  sceneTest,
  type MakeInbox,
  type SceneTest,
  type Scene,
  type JoinedReceiver,
} from './inbox/scene.ts'
import { settleCases } from './inbox/run/settle-cases.ts'
import { storedCases } from './inbox/accept/stored-cases.ts'
import { transactionCases, type TransactionProbe } from './inbox/accept/transaction-cases.ts'
import { viewCases } from './inbox/operate/view-cases.ts'
import { workerCases } from './inbox/run/worker-cases.ts'
import type { TestRunner } from './ledger.ts'
import { gate, intake, item, stepped } from './inbox/make.ts'
import type { Records } from '@postern/core/inbox'
import { DONE_OUTCOME, lane } from './inbox/recorder.ts'

/** Optional features of an inbox. Only features that are set are tested. */
export interface InboxSkills {
  /** Name of the inbox in test titles. */
  readonly name: string
  /** True if `make` returns `reopen`. @default false */
  readonly durable?: boolean
  /** True if `make` returns `another` and `abandon`. @default false */
  readonly shared?: boolean
  /** True if the inbox can order tasks by key. @default false */
  readonly order?: boolean
  /**
   * Returns functions that write and read in the transaction of `task.commit`, in the store of the inbox that was
   * created last.
   * @default none
   */
  readonly transaction?: () => TransactionProbe
  /** True if the view lists done tasks. @default false */
  readonly keepsDone?: boolean
  /** True if the inbox has `records`. @default false */
  readonly records?: boolean
  /** True if the inbox applies `maxPending`. @default false */
  readonly bounded?: boolean
  /** True if the inbox applies the guards of events. @default false */
  readonly guards?: boolean
  /**
   * True if tasks that were interrupted several times become suspects (tasks that may crash the process) in the view.
   * Needs `shared`.
   * @default false
   */
  readonly suspects?: boolean
  /** True if the inbox's ports have `drain`. A port is the inbox's interface for one receiver. @default false */
  readonly drain?: boolean
  /** True if the inbox applies `fairKey`. @default false */
  readonly fair?: boolean
  /** True if the view has pages, causes, batched changes and `erase`. @default false */
  readonly pages?: boolean
  /**
   * True if the inbox has a `journal`: attempts, deliveries, history and, with `pages`, operator actions. @default
   * false
   */
  readonly journal?: boolean
}

/**
 * Defines the contract tests of an inbox: accepting, deduplication, runs, outcomes and storage. The tests call the
 * inbox directly and through receivers, and wait for outcomes instead of fixed times. The tests use node:assert, so
 * they run under vitest, node:test and jest.
 *
 * @example
 * testInbox(() => ({ inbox: memoryInbox(), close() {} }), { describe, test }, { name: 'memory', order: true })
 */
export function testInbox(make: MakeInbox, runner: TestRunner, skills: InboxSkills): void {
  const test = sceneTest(make, runner)
  const { describe } = runner
  const { durable = false, shared = false, keepsDone = false, drain = false } = skills
  const { order = false, bounded = false, guards = false, transaction } = skills
  describe(`${skills.name} keeps the contract of inboxes`, () => {
    test('it says what it can', (scene) => {
      const { can, records, view } = scene.inbox
      assert.equal(can.order, order)
      assert.equal(can.transaction, transaction !== undefined)
      assert.equal(can.durable, durable)
      assert.equal(can.fair, skills.fair === true)
      assert.ok(['index', 'scan'].includes(can.search))
      const { dedupeWindow: window } = scene.inbox
      assert.ok(window > 0, `window must be milliseconds, got ${String(window)}`)
      assert.ok(view, 'an inbox that keeps tasks has a view')
      assert.equal(records !== undefined, skills.records === true)
      return Promise.resolve()
    })
    describe('accept', () => acceptCases(test))
    if (bounded) describe('a full inbox', () => fullCases(test))
    describe('a redelivery', () => duplicateCases(test))
    describe('settling', () => settleCases(test))
    describe('workers', () => workerCases(test, durable))
    describe('closing', () => closeCases(test))
    describe('steps of the clock', () => clockCases(test, { durable, guards, drain }))
    describe('the view', () => viewCases(test, keepsDone))
    if (skills.pages) {
      describe('pages of the view', () => pageCases(test))
      describe('what the view sums up', () => causeCases(test))
      describe('changes by the view', () => changeCases(test))
      describe('erasing', () => eraseCases(test, keepsDone))
    }
    describe('under a receiver', () => receiverCases(test, bounded))
    if (order) describe('order by key', () => orderCases(test))
    if (order)
      describe('events of a key that become one run', () => {
        debounceCases(test, skills)
        debounceReplayCases(test, skills)
      })
    if (durable) describe('a restart', () => restartCases(test))
    if (skills.pages && keepsDone && durable)
      describe('`storage.content` of a receiver', () => storedCases(test, order))
    if (shared) describe('two processes', () => sharedCases(test))
    if (guards) describe('guards', () => guardCases(test, durable))
    if (skills.suspects) describe('interruptions', () => interruptionCases(test))
    if (drain) describe('draining', () => drainCases(test, shared))
    if (skills.fair)
      describe('fairness', () => {
        fairCases(test)
        perKeyCases(test)
      })
    if (skills.journal) {
      describe('attempts', () => attemptCases(test, keepsDone))
      describe('the journal', () => arrivalCases(test, durable))
      if (skills.pages) describe('actions of people', () => actionCases(test, durable))
      describe('history', () => historyCases(test, durable))
    }
    if (skills.records) {
      describe('records', () => recordsCases(test, durable))
      describe('catching up', () => catchUpCases(test))
    }
    if (transaction) describe('task.commit', () => transactionCases(test, transaction))
  })
}

const records = (scene: Scene): Records => scene.inbox.records!

function recordsCases(test: SceneTest, durable: boolean): void {
  test('a record is set, changed and deleted only by who knows its version', async (scene) => {
    const store = records(scene)
    assert.equal(await store.get('k'), undefined)
    assert.equal(await store.set('k', { n: 1 }, 0), true)
    assert.equal(await store.set('k', { n: 2 }, 0), false)
    const first = (await store.get('k'))!
    assert.deepEqual(first.value, { n: 1 })
    assert.equal(await store.set('k', { n: 2 }, first.version), true)
    assert.equal(await store.set('k', { n: 3 }, first.version), false)
    const second = (await store.get('k'))!
    assert.deepEqual(second.value, { n: 2 })
    assert.notEqual(second.version, first.version)
    assert.equal(await store.delete('k', first.version), false)
    assert.equal(await store.delete('k', second.version), true)
    assert.equal(await store.get('k'), undefined)
    assert.equal(await store.delete('k', second.version), false)
  })

  test('of many that change a record at once, one does', async (scene) => {
    const store = records(scene)
    const set = await Promise.all(
      Array.from({ length: 10 }, async (_, at) => store.set('k', at, 0)),
    )
    assert.equal(set.filter(Boolean).length, 1)
    assert.equal((await store.get('k'))!.value, set.indexOf(true))
  })

  test('records are listed by the start of their key, whatever it holds', async (scene) => {
    const store = records(scene)
    for (const key of ['to:b', 'to:a', 'to_x', 'to%', 'un', 'TO:c']) await store.set(key, key, 0)
    assert.deepEqual(
      (await store.list('to:')).map(({ key, value }) => [key, value]),
      [
        ['to:a', 'to:a'],
        ['to:b', 'to:b'],
      ],
    )
    assert.deepEqual(
      (await store.list('to%')).map(({ key }) => key),
      ['to%'],
    )
    assert.equal((await store.list('')).length, 6)
    assert.ok((await store.list('to:')).every(({ version }) => version >= 1))
  })

  if (!durable) return
  test('records outlive a restart', async (scene) => {
    await records(scene).set('k', ['v'], 0)
    await scene.restart()
    const kept = (await records(scene).get('k'))!
    assert.deepEqual(kept.value, ['v'])
    assert.equal(await records(scene).set('k', 'w', kept.version), true)
  })
}

/** Defines tests of several processes. Two inboxes of this process, on one store, stand for two processes. */
function sharedCases(test: SceneTest): void {
  test('what one process stores, another runs', async (scene) => {
    const web = scene.join({ work: false })
    const worker = scene.join({ inbox: await scene.handle.another!() })
    assert.deepEqual(await web.accept(item('1')), ['new'])
    await worker.untilSettled(1)
    assert.deepEqual(await web.accept(item('1')), ['duplicate'])
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
    await Promise.all(ids.map(async (id) => web.accept(item(id))))
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

  test('each process runs the subscriptions it has, and leaves the others to their processes', async (scene) => {
    const one = scene.join({ lanes: ['a'] })
    const two = scene.join({ lanes: ['b'], inbox: await scene.handle.another!() })
    await one.accept(item('1', ['a', 'b']), item('2', ['b']))
    await two.accept(item('3', ['a', 'b']))
    await Promise.all([one.untilSettled(2), two.untilSettled(3)])
    assert.deepEqual([...one.ran()].sort(), ['a:1', 'a:3'])
    assert.deepEqual([...two.ran()].sort(), ['b:1', 'b:2', 'b:3'])
  })

  test('a task whose process gives no sign of life runs elsewhere, and its late outcome is rejected', async (scene) => {
    const open = gate()
    const stuck = scene.join({
      lanes: [lane('a', { concurrency: 1 })],
      run: () => open.passed.then(() => DONE_OUTCOME),
    })
    await stuck.start(1, item('1'))
    await scene.handle.abandon!()
    const other = scene.join({ inbox: await scene.handle.another!() })
    await other.untilSettled(1)
    assert.equal(other.runs[0]!.claim.attempt, 1, 'an interruption uses no attempt')
    open.pass()
    await stuck.untilSettled(1)
    assert.equal(stuck.settled[0]!.stored, false)
    assert.equal(other.settled[0]!.stored, true)
    assert.deepEqual(await other.accept(item('1')), ['duplicate'])
  })
}

const HOUR = 3_600_000
const STEPS = { hour: HOUR, day: 24 * HOUR, year: 365 * 24 * HOUR } as const

/**
 * Defines tests of a jump of the wall clock, such as a correction by the machine. Timers do not jump. The inbox must
 * keep ids and guards.
 */
function clockCases(
  test: SceneTest,
  { durable, guards, drain }: { durable: boolean; guards: boolean; drain: boolean },
): void {
  for (const [name, step] of Object.entries(STEPS)) {
    test(`a step of a ${name} ahead forgets no id`, async (scene) => {
      const shop = await known(scene)
      await stepped(step, async () => {
        await forget(shop)
        assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
      })
      assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
    })

    if (durable)
      test(`a step of a ${name} ahead while nobody was there forgets no id`, async (scene) => {
        await known(scene)
        await stepped(step, async () => {
          await scene.restart()
          const shop = scene.join()
          await forget(shop)
          assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
          await scene.restart()
        })
      })
  }

  if (guards)
    for (const restarts of durable ? [false, true] : [false])
      test(`a captured delivery stays rejected after a step ahead and back${restarts ? ', with restarts between' : ''}`, async (scene) => {
        const guarded = (id: string) =>
          intake(item(id, ['a'], { guards: [{ key: 'once', otherwise: 'reject' }] }))
        let shop = scene.join()
        const again = async (): Promise<void> => {
          if (restarts) {
            await scene.restart()
            shop = scene.join()
          }
          assert.deepEqual(await shop.port.accept(guarded('2'), {}), ['rejected'])
        }
        assert.deepEqual(await shop.port.accept(guarded('1'), {}), ['new'])
        await shop.untilSettled(1)
        await stepped(STEPS.year, async () => {
          await again()
          await forget(shop)
          await again()
        })
        await again()
      })

  async function known(scene: Scene): Promise<JoinedReceiver> {
    const shop = scene.join()
    assert.deepEqual(await shop.accept(item('1')), ['new'])
    await shop.untilSettled(1)
    return shop
  }

  async function forget(shop: JoinedReceiver): Promise<void> {
    if (drain) await shop.port.drain!(Date.now() + 10_000, 1000)
  }
}
