import { createSweep, type Sweep } from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'
import { createKeyIndex } from './key-index.ts'
import type { Parts } from './parts.ts'
import type { Store } from './store.ts'
import { DONE } from './tally.ts'
import { createTidy } from './tidy.ts'
import { written } from './written.ts'

// Events looked at in one transaction: few, so that deliveries never wait long behind it.
const STEP = 200

/** Makes the pruning of a file. A sweep walks the events in order of arrival, a step at a time. */
export function createPrune(store: Store): Sweep {
  const { driver, settings } = store
  const { keepDone, keepDead } = settings
  const sweep = createStep(driver.main, store)
  const tidy = createTidy(driver.main)
  return createSweep<number>(Math.min(keepDone, keepDead), (from = 0) => {
    const now = Date.now()
    return written(store, () => {
      const next = sweep(from, now - keepDone, now - keepDead)
      if (next === undefined) tidy()
      return next
    })
  })
}

/**
 * Makes one step of a sweep: forgets, of the next events, those whose tasks were all settled before the times given.
 * Returns the last event looked at, or undefined if the walk is over. Inside a transaction.
 */
function createStep(
  db: Database,
  parts: Parts,
): (from: number, done: number, dead: number) => number | undefined {
  // An event that came after the time cannot have settled before it: there the walk ends.
  const select = db.prepare(
    'SELECT id, received FROM postern_events WHERE id > ? ORDER BY id LIMIT ?',
  )
  const tasksOf = db.prepare('SELECT lane, state, due FROM postern_tasks WHERE event = ?')
  const forget = createForget(db, parts)
  return (from, done, dead) => {
    const events = select.all(from, STEP) as unknown as { id: number; received: number }[]
    for (const { id, received } of events) {
      if (received >= done && received >= dead) return undefined
      const tasks = tasksOf.all(id) as unknown as { state: number; due: number }[]
      const over = tasks.every(
        ({ state, due }) => state >= DONE && due < (state === DONE ? done : dead),
      )
      if (over && (tasks.length > 0 || received < done)) forget(id)
    }
    return events.length < STEP ? undefined : events.at(-1)!.id
  }
}

// Entries of the index of keys looked at for each event that was dropped, and how many events are dropped in between.
// Entries of forgotten events are then at most about a quarter of the index.
const KEYS = 4
const EVENTS = 64

/** Makes the function that drops an event, its tasks, and its delivery if no other event came with it. Inside a transaction. */
export function createForget(
  db: Database,
  { tally, history, guards }: Pick<Parts, 'tally' | 'history' | 'guards'>,
): (event: number) => void {
  const dropTasks = db.prepare(
    'DELETE FROM postern_tasks WHERE event = ? RETURNING id, lane, state, tenant',
  )
  const dropEvent = db.prepare('DELETE FROM postern_events WHERE id = ? RETURNING delivery')
  const dropDelivery = db.prepare(
    'DELETE FROM postern_deliveries WHERE id = ? AND NOT EXISTS (SELECT 1 FROM postern_events e WHERE e.delivery = postern_deliveries.id)',
  )
  const index = createKeyIndex(db)
  let dropped = 0
  return (event) => {
    for (const { id, lane, state, tenant } of dropTasks.all(event) as unknown as TaskRow[]) {
      tally.move(lane, state, undefined, tenant)
      history.drop(id)
    }
    guards.drop(event)
    const row = dropEvent.get(event) as { delivery: number | null } | undefined
    if (row && row.delivery !== null) dropDelivery.run(row.delivery)
    if (++dropped % EVENTS === 0) index.sweep(KEYS * EVENTS)
  }
}

interface TaskRow {
  readonly id: number
  readonly tenant: number
  readonly lane: number
  readonly state: number
}
