import type { TaskDraft } from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'
import { BEHIND, READY } from './gates.ts'
import type { Order } from './order.ts'
import { PENDING, RUNNING, type Tally } from './tally.ts'
import { NO_TURN, type Turn, type Turns } from './turns.ts'

/** Stores tasks, for one connection. Inside a transaction. */
export interface NewTasks {
  /** Stores a task; undefined if its event has it already. */
  add(task: NewTask): number | undefined
  /** The turn of a new task. */
  turnOf(lane: number, draft: TaskDraft): Turn
}

/** A task to be stored. */
export interface NewTask {
  readonly event: number
  readonly lane: number
  /** Lanes that share its order key. */
  readonly sharing: readonly number[]
  readonly draft: TaskDraft
  /** When it is due; when its lease ends if it is claimed at once. */
  readonly due: number
  /** If it is claimed at once. */
  readonly token?: number
  /** Its turn, if it was given already. */
  readonly turn?: Turn
}

/** Prepares the statements. */
export function createNewTasks(db: Database, tally: Tally, order: Order, turns: Turns): NewTasks {
  const insert = db.prepare(
    'INSERT INTO postern_tasks (event, lane, part, state, due, attempt, token, gate, turn, tenant, order_key, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )

  return { add, turnOf }

  function add({ event, lane, sharing, draft, due, token, turn: given }: NewTask) {
    const { orderKey } = draft
    const claimed = token !== undefined
    const behind = !claimed && orderKey !== undefined && order.isTaken(sharing, orderKey)
    const { turn, tenant } = given ?? turnOf(lane, draft)
    const { changes, lastInsertRowid } = insert.run(
      event,
      lane,
      draft.part ?? '',
      claimed ? RUNNING : PENDING,
      due,
      claimed ? 1 : 0,
      token ?? 0,
      behind ? BEHIND : READY,
      turn,
      tenant,
      orderKey ?? null,
      draft.data === undefined ? null : JSON.stringify(draft.data),
    )
    if (changes === 0) return undefined
    tally.move(lane, undefined, claimed ? RUNNING : PENDING, tenant)
    return Number(lastInsertRowid)
  }

  function turnOf(lane: number, { fairKey }: TaskDraft): Turn {
    return fairKey === undefined ? NO_TURN : turns.next(lane, fairKey)
  }
}
