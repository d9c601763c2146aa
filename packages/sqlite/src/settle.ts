import type { Outcome, TaskDraft } from '@postern/core/inbox'
import type { DatabaseSync } from 'node:sqlite'
import { DEAD, DONE, PENDING, RUNNING, type Tally } from './tally.ts'

/** The statements that change tasks, for one connection. All are to be called inside a transaction. */
export interface Tasks {
  /** Stores a task; undefined where its event has it already. */
  insert(task: NewTask): number | undefined
  /** True while an open task of the key goes first. */
  isTaken(lanes: readonly number[], orderKey: string): boolean
  /** Settles an attempt and stores its children; false where its claim was lost. */
  settle(attempt: Attempt, outcome: Outcome, now: number): boolean
  /** Makes the task of an attempt pending as it was before it was claimed. */
  giveBack(attempt: Attempt): void
  /** Lets the next task of a key run. */
  release(lanes: readonly number[], orderKey: string): void
}

/** A task to be stored. */
export interface NewTask {
  readonly event: number
  readonly lane: number
  readonly draft: TaskDraft
  /** When it is due; when its lease ends, where it is claimed at once. */
  readonly due: number
  /** Where it is claimed at once. */
  readonly token?: number | undefined
  readonly blocked: boolean
}

/** What identifies an attempt. */
export interface Attempt {
  readonly id: number
  readonly token: number
  readonly receiver: string
  readonly event: number
  readonly lane: number
  readonly orderKey: string | undefined
  /** Lanes that share its order key. */
  readonly sharing: readonly number[]
  /** True once the transaction under way, or a committed one, has its outcome. */
  stored: boolean
}

/** Prepares the statements. */
export function createTasks(db: DatabaseSync, tally: Tally): Tasks {
  const add = db.prepare(
    'INSERT INTO postern_tasks (event, lane, part, state, due, attempt, token, blocked, order_key, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const taken = db.prepare(
    'SELECT 1 FROM postern_tasks WHERE lane = ? AND order_key = ? AND state < 2 AND blocked = 0 LIMIT 1',
  )
  const end = db.prepare(
    'UPDATE postern_tasks SET state = ?, due = ?, error = ? WHERE id = ? AND state = 1 AND token = ?',
  )
  const postpone = db.prepare(
    'UPDATE postern_tasks SET state = 0, due = ?, attempt = attempt - 1 WHERE id = ? AND state = 1 AND token = ?',
  )
  const back = db.prepare(
    'UPDATE postern_tasks SET state = 0, due = 0, attempt = attempt - 1, token = 0 WHERE id = ? AND state = 1 AND token = ?',
  )
  const next = db.prepare(
    'SELECT min(id) AS id FROM postern_tasks WHERE lane = ? AND order_key = ? AND state < 2 AND blocked = 1',
  )
  const unblock = db.prepare('UPDATE postern_tasks SET blocked = 0 WHERE id = ?')

  return { insert, isTaken, settle, giveBack, release }

  function insert({ event, lane, draft, due, token, blocked }: NewTask): number | undefined {
    const claimed = token === undefined ? 0 : 1
    const { changes, lastInsertRowid } = add.run(
      event,
      lane,
      draft.part ?? '',
      claimed ? RUNNING : PENDING,
      due,
      claimed,
      token ?? 0,
      blocked ? 1 : 0,
      draft.orderKey ?? null,
      draft.data === undefined ? null : JSON.stringify(draft.data),
    )
    if (changes === 0) return undefined
    tally.move(lane, undefined, claimed ? RUNNING : PENDING)
    return Number(lastInsertRowid)
  }

  function isTaken(lanes: readonly number[], orderKey: string): boolean {
    return lanes.some((lane) => taken.get(lane, orderKey) !== undefined)
  }

  function settle(attempt: Attempt, outcome: Outcome, now: number): boolean {
    const { id, token, lane, orderKey } = attempt
    const { changes } = write()
    if (changes === 0) return false
    const state = outcome.kind === 'done' ? DONE : outcome.kind === 'dead' ? DEAD : PENDING
    tally.move(lane, RUNNING, state)
    if (state !== PENDING && orderKey !== undefined) release(attempt.sharing, orderKey)
    if (outcome.kind === 'done') for (const child of outcome.spawn ?? []) spawn(attempt, child, now)
    return true

    function write(): { changes: number | bigint } {
      switch (outcome.kind) {
        case 'done':
          return end.run(DONE, now, null, id, token)
        case 'dead':
          return end.run(DEAD, now, JSON.stringify(outcome.error), id, token)
        case 'retry':
          return end.run(PENDING, Math.ceil(outcome.at), JSON.stringify(outcome.error), id, token)
        case 'postpone':
          return postpone.run(Math.ceil(outcome.at), id, token)
      }
    }
  }

  function giveBack({ id, token, lane }: Attempt): void {
    if (back.run(id, token).changes === 1) tally.move(lane, RUNNING, PENDING)
  }

  function spawn(parent: Attempt, draft: TaskDraft, now: number): void {
    const lane = tally.lane(parent.receiver, draft.subscription)
    const blocked = draft.orderKey !== undefined && isTaken([lane], draft.orderKey)
    insert({ event: parent.event, lane, draft, due: now, blocked })
  }

  function release(lanes: readonly number[], orderKey: string): void {
    if (isTaken(lanes, orderKey)) return
    let first: number | undefined
    for (const lane of lanes) {
      const { id } = next.get(lane, orderKey) as { id: number | null }
      if (id !== null && (first === undefined || id < first)) first = id
    }
    if (first !== undefined) unblock.run(first)
  }
}
