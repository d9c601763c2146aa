import type { Database } from './driver/driver.ts'
import type { Running } from './task.ts'
import { PENDING, RUNNING, type Tally } from './tally.ts'
import type { Kept } from './work.ts'

/**
 * New tasks without an order key, a part, data or a tenant: stored together at the end of the transaction, by one
 * statement for each lane.
 */
export interface Begun extends Kept {
  /** A task that runs at once in this process. Sets its `id` before the commit. */
  claimed(task: Running, leased: number): void
  /** A task that waits. */
  pending(lane: number, event: number, due: number): void
}

/** Prepares the statements that store them. */
export function createBegun(db: Database, tally: Tally): Begun {
  const run = db.prepare(
    `INSERT INTO postern_tasks (event, lane, state, due, attempt, token)
     SELECT value, ?, 1, ?, 1, ? FROM json_each(?)`,
  )
  const wait = db.prepare(
    'INSERT INTO postern_tasks (event, lane, state, due) SELECT value, ?, 0, ? FROM json_each(?)',
  )
  let running = new Map<number, { readonly tasks: Running[]; readonly leased: number }>()
  let waiting = new Map<number, { readonly events: number[]; readonly due: number }>()

  return { claimed, pending, store, stored: () => {}, forget }

  // Both count at once, since deliveries later in the transaction are held to maxPending.
  function claimed(task: Running, leased: number): void {
    const lane = running.get(task.lane)
    if (lane) lane.tasks.push(task)
    else running.set(task.lane, { tasks: [task], leased })
    tally.move(task.lane, undefined, RUNNING, 0)
  }

  function pending(id: number, event: number, due: number): void {
    const lane = waiting.get(id)
    if (lane) lane.events.push(event)
    else waiting.set(id, { events: [event], due })
    tally.move(id, undefined, PENDING, 0)
  }

  function store(): void {
    for (const [lane, { events, due }] of waiting) wait.run(lane, due, `[${events.join()}]`)
    for (const [lane, { tasks, leased }] of running) {
      const events = `[${tasks.map(({ event }) => event).join()}]`
      const { lastInsertRowid } = run.run(lane, leased, tasks[0]!.token, events)
      // A new row always has the number after the highest.
      let id = Number(lastInsertRowid) - tasks.length
      for (const task of tasks) task.id = ++id
    }
    forget()
  }

  function forget(): void {
    // New Maps: V8 keeps the old table of a cleared Map with its entries. Once such a table is in old space, payloads
    // outlive their tasks until the next full collection, and each minor collection copies them.
    if (running.size > 0) running = new Map()
    if (waiting.size > 0) waiting = new Map()
  }
}
