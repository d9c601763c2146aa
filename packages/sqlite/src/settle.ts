import { causeOf, type Outcome, type TaskDraft } from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'
import { gateOf } from './gates.ts'
import type { History } from './history.ts'
import type { NewTasks } from './new-tasks.ts'
import type { Order } from './order.ts'
import { DEAD, DONE, PENDING, RUNNING, type Tally } from './tally.ts'

/** Ends attempts, for one connection. Inside a transaction. */
export interface Settle {
  /** Settles an attempt and stores its children; false if its claim was lost. */
  settle(attempt: Attempt, outcome: Outcome, now: number): boolean
  /** Makes the task of an attempt pending as it was before it was claimed. */
  giveBack(attempt: Attempt, now: number): void
}

/** What identifies an attempt. */
export interface Attempt {
  readonly id: number
  readonly token: number
  readonly receiver: string
  readonly event: number
  readonly lane: number
  /** Row of its tenant; 0 without one. */
  readonly tenant: number
  readonly orderKey: string | undefined
  /** Lanes that share its order key. */
  readonly sharing: readonly number[]
  /** Which attempt it is. */
  readonly number: number
  /** True if the row has neither an error nor interruptions: there is nothing to clear. */
  readonly fresh: boolean
  /** How long it ran, in microseconds; known once it ended. */
  took: number
  /** True once the open transaction, or a committed one, has its outcome. */
  stored: boolean
}

/** The parts that settling uses. */
export interface SettleParts {
  readonly tally: Tally
  readonly order: Order
  readonly history: History
  readonly newTasks: NewTasks
}

// An ended lease makes the task pending and leaves its token: a late outcome still counts, until another process has
// claimed the task.
const OWN = 'WHERE id = ? AND token = ? AND state IN (0, 1)'

/** Prepares the statements. */
export function createSettle(db: Database, parts: SettleParts): Settle {
  const { tally, order, history, newTasks } = parts
  const state = db.prepare(`SELECT state FROM postern_tasks ${OWN}`)
  const end = db.prepare(
    'UPDATE postern_tasks SET state = ?, due = ?, took = ?, error = ?, cause = ?, attempt = ?, gate = 0, cut = 0, charged = 0 WHERE id = ?',
  )
  const again = db.prepare(
    'UPDATE postern_tasks SET state = 0, due = ?, gate = ?, took = ?, error = ?, cause = ?, attempt = ?, token = 0, cut = 0, charged = 0 WHERE id = ?',
  )
  const postpone = db.prepare(
    'UPDATE postern_tasks SET state = 0, due = ?, gate = ?, took = ?, token = 0, attempt = ?, cut = 0, charged = 0 WHERE id = ?',
  )
  const back = db.prepare(
    'UPDATE postern_tasks SET state = 0, due = ?, gate = iif(cut >= 3, 2, 0), attempt = attempt - 1, token = 0 WHERE id = ? AND state = 1 AND token = ?',
  )
  const innocent = db.prepare(
    'UPDATE postern_tasks SET cut = 0, charged = 0, gate = iif(gate = 2, 0, gate) WHERE id = ? AND state < 2 AND cut > 0',
  )

  return { settle, giveBack }

  function settle(attempt: Attempt, outcome: Outcome, now: number): boolean {
    const { id, token, lane, tenant, took } = attempt
    const row = state.get(id, token) as { state: number } | undefined
    if (!row) {
      // The outcome is too late to count, but a task that reports one is not poison.
      innocent.run(id)
      return false
    }
    const next = outcome.kind === 'done' ? DONE : outcome.kind === 'dead' ? DEAD : PENDING
    write()
    tally.move(lane, row.state, next, tenant)
    if (next !== PENDING && attempt.orderKey !== undefined)
      order.release(attempt.sharing, attempt.orderKey)
    if (outcome.kind === 'done') for (const draft of outcome.spawn ?? []) spawn(attempt, draft, now)
    return true

    function write(): void {
      const { number } = attempt
      if (outcome.kind === 'done') return void end.run(DONE, now, took, null, null, number, id)
      const error = outcome.kind === 'postpone' ? null : JSON.stringify(outcome.error)
      if (outcome.kind === 'dead')
        return void end.run(DEAD, now, took, error, causeOf(outcome.error), number, id)
      const due = Math.ceil(outcome.at)
      const gate = gateOf(0, tenant)
      history.add({
        task: id,
        attempt: number,
        ended: now,
        took,
        outcome: outcome.kind,
        token,
        error,
      })
      if (outcome.kind === 'retry')
        again.run(due, gate, took, error, causeOf(outcome.error), number, id)
      else postpone.run(due, gate, took, number - 1, id)
    }
  }

  function giveBack({ id, token, lane, tenant }: Attempt, now: number): void {
    if (back.run(now, id, token).changes === 1) tally.move(lane, RUNNING, PENDING, tenant)
  }

  function spawn(parent: Attempt, draft: TaskDraft, now: number): void {
    const lane = tally.lane(parent.receiver, draft.subscription)
    newTasks.add({ event: parent.event, lane, sharing: [lane], draft, due: now })
  }
}
