import { DONE, type Before, type Place, type ContentsRow } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import type { Attempts, StoredRuns } from '../store/patch.ts'
import { createKeyIndex, type Keys } from '../keys/keys.ts'
import type { Tally } from '../store/tally.ts'
import { FORGET, KEEP_NUMBER, DELIVERY } from '../sql/tasks.ts'

// Number of rows that one transaction checks. STEP is small, so that deliveries wait only briefly. FIRST is for the
// first step of a round, which usually shows that nothing is old.
const STEP = 200
const FIRST = 4
// Each new event adds PACE rows to check, up to MOST rows per transaction, so that pruning keeps up with deliveries.
const PACE = 3
const MOST = 1600
// Whenever EVENTS events have been dropped, EVENTS * KEYS entries of the key index are checked. So at most about a
// quarter of the index belongs to dropped events.
const KEYS = 4
const EVENTS = 64

/** Creates `Viewed.prune`. A round checks all tasks in order of arrival, then all events. */
export function createPrune(
  db: Database,
  {
    tally,
    attempts,
    claims,
    keys,
  }: {
    readonly tally: Tally
    readonly attempts: Attempts
    readonly claims: StoredRuns
    readonly keys: Pick<Keys, 'hash' | 'find'>
  },
): {
  step(before: Before, place: Place | undefined): Place | undefined
  drop(event: number): void
} {
  const tasks = db.prepare(
    `SELECT t.id, t.lane, t.state, t.due, t.fair, t.lease, e.taken FROM postern_tasks t
     LEFT JOIN postern_events e ON e.id = t.id >> 16 WHERE t.id > ? ORDER BY t.id LIMIT ?`,
  )
  const dropTask = db.prepare('DELETE FROM postern_tasks WHERE id = ?')
  const events = db.prepare(
    `SELECT e.id, e.taken, EXISTS (SELECT 1 FROM postern_tasks t WHERE t.id >= e.id << 16 AND t.id < (e.id + 1) << 16) AS open
     FROM postern_events e WHERE e.id > ? ORDER BY e.id LIMIT ?`,
  )
  const dropEvent = db.prepare('DELETE FROM postern_events WHERE id = ? RETURNING delivery')
  const keepNumber = db.prepare(KEEP_NUMBER)
  const dropDelivery = db.prepare(DROP_DELIVERY)
  const guards = db.prepare(
    `SELECT id, receiver, holder, taken FROM postern_guards WHERE id > ? ORDER BY id LIMIT ${STEP}`,
  )
  const dropGuard = db.prepare('DELETE FROM postern_guards WHERE id = ?')
  const dropSteps = db.prepare('DELETE FROM postern_steps WHERE at < ?')
  const dropNewest = db.prepare(FORGET)
  const index = createKeyIndex(db)
  const tidy = createTidy(db)
  const newest = db.prepare('SELECT max(id) AS id FROM postern_events')
  let dropped = 0
  let guard = 0
  let seen: number | undefined
  // Number of rows that are still to check because new events arrived.
  let owed = 0

  // A place is an event and a task at which the next step continues. While a round checks events, the task is -1.
  return {
    step(before, [event, task] = [0, 0]) {
      owe()
      claims.spread(Math.max(before.done, before.dead, before.known))
      return task < 0 ? overEvents(before, event) : overTasks(before, task)
    },
    drop(event) {
      forget(event)
      keepNumber.run(event + 1, event + 1)
    },
  }

  function overTasks({ done, dead }: Before, from: number): Place {
    const step = stepFrom(from)
    const rows = tasks.all(from, step) as TaskRow[]
    for (const { id, lane, state, due, fair, lease, taken } of rows) {
      // The event of this task was stored after `done` and after `dead`, so this task and all later tasks are too new
      // to drop.
      if (taken !== null && taken >= done && taken >= dead) return [0, -1]
      if (state < DONE || lease === 1 || due >= (state === DONE ? done : dead)) continue
      dropTask.run(id)
      attempts.drop(id)
      tally.move(lane, state, undefined, fair)
    }
    return rows.length < step ? [0, -1] : [0, rows.at(-1)!.id]
  }

  function overEvents(before: Before, from: number): Place | undefined {
    const step = stepFrom(from)
    const rows = events.all(from, step) as EventRow[]
    const known = rows.findIndex(({ taken }) => taken >= before.known)
    const idle = (known < 0 ? rows : rows.slice(0, known)).filter(({ open }) => open === 0)
    for (const { id } of idle) forget(id)
    const next = (idle.at(-1)?.id ?? 0) + 1
    if (idle.length > 0) keepNumber.run(next, next)
    if (known >= 0) return end(before)
    return rows.length < step ? end(before) : [rows.at(-1)!.id, -1]
  }

  function owe(): void {
    const { id } = newest.get() as { id: number | null }
    owed += PACE * Math.max(0, (id ?? 0) - (seen ?? id ?? 0))
    seen = id ?? seen
  }

  function stepFrom(id: number): number {
    if (id === 0) return FIRST
    const step = Math.min(MOST, Math.max(STEP, owed))
    owed = Math.max(0, owed - step)
    return step
  }

  function end({ done, dead, known, guards: bound }: Before): undefined {
    owed = 0
    tidy()
    dropSteps.run(Math.min(done, dead, known, bound))
    dropNewest.run(known)
    const rows = guards.all(guard) as GuardRow[]
    guard = rows.length < STEP ? 0 : rows.at(-1)!.id
    for (const { id, receiver, holder, taken } of rows) {
      if (taken >= bound) return void (guard = 0)
      const event = keys.find(keys.hash(receiver, holder), receiver, holder)
      if (event === undefined) dropGuard.run(id)
    }
  }

  /** Drops an event. Also drops its delivery if no other event shares it. */
  function forget(event: number): void {
    const row = dropEvent.get(event) as { delivery: number | null } | undefined
    if (row && row.delivery !== null) dropDelivery.run(row.delivery)
    if (++dropped % EVENTS === 0) index.sweep(KEYS * EVENTS)
  }
}

interface TaskRow {
  readonly id: number
  readonly lane: number
  readonly state: number
  readonly due: number
  readonly fair: string | null
  readonly lease: number
  /** When the event of the task was stored; null if the event is gone. */
  readonly taken: number | null
}

interface EventRow {
  readonly id: number
  readonly taken: number
  /** 1 if the event has tasks, otherwise 0. */
  readonly open: number
}

interface GuardRow {
  readonly id: number
  readonly receiver: number
  readonly holder: string
  readonly taken: number
}

// Number of tenants that one transaction checks.
const TENANTS = 500
// Number of processes whose rows are kept, since attempts show their names.
const PROCESSES = 10_000

/** Creates a function that drops some unreferenced rows, once in each round of pruning. */
function createTidy(db: Database): () => void {
  const processes = db.prepare(
    `DELETE FROM postern_processes WHERE id <= (SELECT max(id) FROM postern_processes) - ${PROCESSES}`,
  )
  // The row of a tenant has its turn, a number by which tenants are served in rotation. When the lane (a subscription)
  // has passed this turn, the row is not needed.
  const tenants = db.prepare(
    `SELECT t.lane, t.fair, t.open <= 0 AND t.turn <= l.turn AS idle FROM postern_tenants t
     JOIN postern_lanes l ON l.id = t.lane WHERE (t.lane, t.fair) > (?, ?) ORDER BY t.lane, t.fair LIMIT ${TENANTS}`,
  )
  const dropTenant = db.prepare('DELETE FROM postern_tenants WHERE lane = ? AND fair = ?')
  let reached: Pick<Tenant, 'lane' | 'fair'> = { lane: 0, fair: '' }

  return () => {
    processes.run()
    const rows = tenants.all(reached.lane, reached.fair) as Tenant[]
    for (const { lane, fair, idle } of rows) if (idle === 1) dropTenant.run(lane, fair)
    reached = rows.length < TENANTS ? { lane: 0, fair: '' } : rows.at(-1)!
  }
}

interface Tenant {
  readonly lane: number
  readonly fair: string
  readonly idle: number
}

const TASKS_OF =
  'SELECT 1 FROM postern_tasks x WHERE x.id >= e.id << 16 AND x.id < (e.id + 1) << 16 AND'
// An operator can erase events whose tasks are done or dead. `storage.content` erases only events whose tasks are all
// done.
const ERASABLE = `e.contents IS NOT 2 AND NOT EXISTS (${TASKS_OF} x.state < 2)`
const PASSED = `e.contents = 1 AND NOT EXISTS (${TASKS_OF} x.state <> 2)`
const DROP_DELIVERY =
  'DELETE FROM postern_deliveries WHERE id = ? AND NOT EXISTS (SELECT 1 FROM postern_events e WHERE e.delivery = postern_deliveries.id)'

/** Creates `Viewed.erase`, which is called in a transaction. */
export function createErase(
  db: Database,
): (
  events: readonly number[],
  passing: boolean,
  empty: ((contents: ContentsRow) => ContentsRow | undefined) | undefined,
) => number {
  const find = (condition: string) =>
    db.prepare(
      `SELECT e.id AS event, e.record, e.delivery, ${DELIVERY}
       FROM postern_events e LEFT JOIN postern_deliveries d ON d.id = e.delivery WHERE e.id = ? AND ${condition}`,
    )
  const findErasable = find(ERASABLE)
  const findPassed = find(PASSED)
  const replace = db.prepare(
    'UPDATE postern_events SET contents = 2, record = ?, head = ?, body = ?, delivery = NULL WHERE id = ?',
  )
  const dropDelivery = db.prepare(DROP_DELIVERY)

  return (events, passing, empty) => {
    let count = 0
    // Reads one body at a time, since all bodies of a step may be gigabytes together.
    for (const event of events) {
      const row = (passing ? findPassed : findErasable).get(event) as Row | undefined
      if (!row) continue
      const left = empty ? empty(row) : row
      if (!left) continue
      count++
      if (!empty) continue
      replace.run(left.record, left.head, left.body, event)
      if (row.delivery !== null) dropDelivery.run(row.delivery)
    }
    return count
  }
}

interface Row extends ContentsRow {
  readonly delivery: number | null
}
