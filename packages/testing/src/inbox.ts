import assert from 'node:assert/strict'
import { acceptCases } from './inbox/accept/accept-cases.ts'
import { arrivalCases } from './inbox/journal/arrival-cases.ts'
import { actionCases } from './inbox/operate/action-cases.ts'
import { attemptCases } from './inbox/run/attempt-cases.ts'
import { changeCases } from './inbox/operate/change-cases.ts'
import { catchUpCases } from './inbox/journal/catch-up-cases.ts'
import { causeCases } from './inbox/operate/cause-cases.ts'
import { clockCases } from './inbox/lease/clock-cases.ts'
import { closeCases } from './inbox/lease/close-cases.ts'
import { drainCases } from './inbox/lease/drain-cases.ts'
import { duplicateCases } from './inbox/accept/duplicate-cases.ts'
import { eraseCases } from './inbox/operate/erase-cases.ts'
import { fairCases } from './inbox/run/fair-cases.ts'
import { fullCases } from './inbox/accept/full-cases.ts'
import { guardCases } from './inbox/accept/guard-cases.ts'
import { interruptionCases } from './inbox/lease/interruption-cases.ts'
import { historyCases } from './inbox/journal/history-cases.ts'
import { orderCases } from './inbox/run/order-cases.ts'
import { pageCases } from './inbox/operate/page-cases.ts'
import { perKeyCases } from './inbox/run/per-key-cases.ts'
import { receiverCases } from './inbox/run/receiver-cases.ts'
import { recordsCases } from './inbox/journal/records-cases.ts'
import { restartCases } from './inbox/lease/restart-cases.ts'
import { sceneTest, type MakeInbox } from './inbox/scene.ts'
import { settleCases } from './inbox/run/settle-cases.ts'
import { sharedCases } from './inbox/lease/shared-cases.ts'
import { storedCases } from './inbox/accept/stored-cases.ts'
import { transactionCases, type TransactionProbe } from './inbox/accept/transaction-cases.ts'
import { viewCases } from './inbox/operate/view-cases.ts'
import { workerCases } from './inbox/run/worker-cases.ts'
import type { TestRunner } from './runner.ts'

/** Optional skills of an inbox. A skill that is not given is not tested. */
export interface InboxSkills {
  /** As in test titles. */
  readonly name: string
  /** `make` returns `reopen`. @default false */
  readonly durable?: boolean
  /** `make` returns `another` and `abandon`. @default false */
  readonly shared?: boolean
  /** @default false */
  readonly order?: boolean
  /** How the suite writes in the transaction of `task.commit`, in the store of the inbox made last. @default none */
  readonly transaction?: () => TransactionProbe
  /** Done tasks are in the view. @default false */
  readonly keepsDone?: boolean
  /** Has `records`. @default false */
  readonly records?: boolean
  /** Keeps the `maxPending` it is made with. @default false */
  readonly bounded?: boolean
  /** Takes the guards of events. @default false */
  readonly guards?: boolean
  /** Makes suspects of tasks that were interrupted, and its view tells of it. It must be `shared`. @default false */
  readonly suspects?: boolean
  /** Its ports have `drain`. @default false */
  readonly drain?: boolean
  /** Follows `fairKey`. @default false */
  readonly fair?: boolean
  /** Its view has pages, causes, chunks of changes and `erase`. @default false */
  readonly pages?: boolean
  /** Has a `journal`: attempts, deliveries, history and, with `pages`, actions of people. @default false */
  readonly journal?: boolean
}

/**
 * The contract of an inbox, as a suite: accepting, dedupe, runs, settling and storage. It drives the inbox as a
 * receiver does, and through whole receivers, and waits for outcomes instead of times. It asserts with node:assert, so
 * that it runs under vitest, node:test and jest.
 *
 * @example
 * testInbox(() => ({ inbox: memoryInbox(), close() {} }), { describe, test }, { name: 'memory', order: true })
 */
export function testInbox(make: MakeInbox, runner: TestRunner, skills: InboxSkills): void {
  const test = sceneTest(make, runner)
  const { describe } = runner
  const bounded = skills.bounded === true
  describe(`${skills.name} keeps the contract of inboxes`, () => {
    test('it says what it can', (scene) => {
      const { can, records, view } = scene.inbox
      assert.equal(can.order, skills.order === true)
      assert.equal(can.transaction, skills.transaction !== undefined)
      assert.equal(can.durable, skills.durable === true)
      assert.equal(can.fair, skills.fair === true)
      assert.ok(['index', 'scan'].includes(can.search))
      const { window } = scene.inbox
      assert.ok(window > 0, `window must be milliseconds, got ${String(window)}`)
      assert.ok(view, 'an inbox that keeps tasks has a view')
      assert.equal(records !== undefined, skills.records === true)
      return Promise.resolve()
    })
    describe('accept', () => acceptCases(test))
    if (bounded) describe('a full inbox', () => fullCases(test))
    describe('a redelivery', () => duplicateCases(test))
    describe('settling', () => settleCases(test))
    describe('workers', () => workerCases(test, skills.durable === true))
    describe('closing', () => closeCases(test))
    describe('steps of the clock', () =>
      clockCases(test, {
        durable: skills.durable === true,
        guards: skills.guards === true,
        drain: skills.drain === true,
      }))
    describe('the view', () => viewCases(test, skills.keepsDone === true))
    if (skills.pages) {
      describe('pages of the view', () => pageCases(test))
      describe('what the view sums up', () => causeCases(test))
      describe('changes by the view', () => changeCases(test, skills.keepsDone === true))
      describe('erasing', () => eraseCases(test, skills.keepsDone === true))
    }
    describe('under a receiver', () => receiverCases(test, bounded))
    if (skills.order) describe('order by key', () => orderCases(test))
    if (skills.durable) describe('a restart', () => restartCases(test))
    if (skills.pages && skills.keepsDone && skills.durable)
      describe('`stored` of a receiver', () => storedCases(test))
    if (skills.shared) describe('two processes', () => sharedCases(test))
    if (skills.guards) describe('guards', () => guardCases(test, skills.durable === true))
    if (skills.suspects) describe('interruptions', () => interruptionCases(test))
    if (skills.drain) describe('draining', () => drainCases(test, skills.shared === true))
    if (skills.fair)
      describe('fairness', () => {
        fairCases(test)
        perKeyCases(test)
      })
    if (skills.journal) {
      describe('attempts', () => attemptCases(test, skills.keepsDone === true))
      describe('the journal', () => arrivalCases(test, skills.durable === true))
      if (skills.pages)
        describe('actions of people', () => actionCases(test, skills.durable === true))
      describe('history', () => historyCases(test, skills.durable === true))
    }
    if (skills.records) {
      describe('records', () => recordsCases(test, skills.durable === true))
      describe('catching up', () => catchUpCases(test))
    }
    if (skills.transaction)
      describe('task.commit', () => transactionCases(test, skills.transaction!))
  })
}
