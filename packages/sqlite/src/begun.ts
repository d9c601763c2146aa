import type { DatabaseSync } from 'node:sqlite'
import type { Claimed } from './lanes.ts'
import { RUNNING, type Tally } from './tally.ts'
import type { Kept } from './work.ts'

/** New tasks that run at once in this process: stored together, claimed, at the end of the transaction. */
export interface Begun extends Kept {
  /** Sets `id` of the task before the commit. Only for what has neither an order key nor a part nor data. */
  add(task: Claimed, leased: number): void
}

/** Makes what stores them. Those of a lane take one statement. */
export function createBegun(db: DatabaseSync, tally: Tally): Begun {
  const insert = db.prepare(
    `INSERT INTO postern_tasks (event, lane, state, due, attempt, token)
     SELECT value, ?, 1, ?, 1, ? FROM json_each(?)`,
  )
  let lanes = new Map<number, { readonly tasks: Claimed[]; leased: number }>()

  return { add, store, stored: () => {}, forget }

  function add(task: Claimed, leased: number): void {
    const lane = lanes.get(task.lane)
    if (lane) lane.tasks.push(task)
    else lanes.set(task.lane, { tasks: [task], leased })
    // Counted at once, since deliveries later in the transaction are held to maxPending.
    tally.move(task.lane, undefined, RUNNING)
  }

  function store(): void {
    for (const [lane, { tasks, leased }] of lanes) {
      const events = `[${tasks.map(({ eventRow }) => eventRow).join()}]`
      const { lastInsertRowid } = insert.run(lane, leased, tasks[0]!.token, events)
      // A new row always has the number after the highest.
      let id = Number(lastInsertRowid) - tasks.length
      for (const task of tasks) task.id = ++id
    }
    forget()
  }

  function forget(): void {
    // A new one: V8 keeps the table of a cleared Map, with what was in it, as long as the one before. Once one of them
    // is old, payloads outlive their tasks until the next full collection, and each minor one copies them.
    lanes = new Map()
  }
}
