import type { ClockStep } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import { CLOCK } from '../sql/tasks.ts'
import type { RowCache } from './writer.ts'

/**
 * The clock of a file, in milliseconds since 1970. The clock never goes back. Its time is the latest time that any
 * process saw, plus the time that has passed since then on the monotonic clock. If the wall clock jumps ahead of this
 * time, the jump is stored as a step.
 */
export interface FileClock extends RowCache {
  now(): number
  /** Reads the time that other processes have stored. */
  read(): void
  steps(): readonly ClockStep[]
}

// In milliseconds: maximum age of the stored time (STORE), and smallest jump that is stored (STEP).
const STORE = 10_000
const STEP = 1000
// While no process ran, at most this number of milliseconds counts as passed.
const GAP = 300_000

/**
 * `adds` returns true if the transaction adds events. Each event has a time, so the clock then stores no time of its
 * own.
 */
export function createClock(db: Database, adds: () => boolean): FileClock {
  const find = db.prepare(CLOCK)
  const kept = db.prepare('SELECT clock FROM postern_numbers')
  const set = db.prepare('UPDATE postern_numbers SET clock = ? WHERE clock < ?')
  const add = db.prepare(
    `INSERT INTO postern_steps VALUES (?, ?, ?) ON CONFLICT DO UPDATE
     SET unseen = unseen + excluded.unseen, unseen_by_guards = unseen_by_guards + excluded.unseen_by_guards`,
  )
  const all = db.prepare(
    'SELECT at, unseen, unseen_by_guards AS unseenByGuards FROM postern_steps ORDER BY at DESC',
  )
  const changes = db.prepare('SELECT total_changes() AS total')
  const begun = clockOf()
  let time = Math.max(begun, Date.now())
  let at = performance.now()
  // Sums of the jumps that are not stored yet, in milliseconds. While no process ran, up to GAP milliseconds count as
  // passed time and not as a jump, but only in `unseen`.
  let unseenByGuards = begun === 0 ? 0 : time - begun
  let unseen = Math.max(0, unseenByGuards - GAP)
  let stored = 0
  let written = 0
  let counted = totalOf()

  return {
    now,
    read() {
      time = Math.max(now(), clockOf())
    },
    steps() {
      const known = all.all() as ClockStep[]
      const current = now()
      return unseenByGuards < STEP ? known : [{ at: current, unseen, unseenByGuards }, ...known]
    },
    store() {
      written = 0
      const current = now()
      const stepped = unseenByGuards >= STEP
      if (adds() && !stepped) return void (written = current)
      // A transaction without changes stores no time, since each change of the file makes readers query again.
      if ((current - stored < STORE && !stepped) || totalOf() === counted) return
      const before = (kept.get() as { clock: number }).clock
      set.run(current, current)
      // Another process may have stored a part of the jump. Only the rest is stored here.
      const ahead = current - before
      if (Math.min(unseenByGuards, ahead) >= STEP)
        add.run(
          current,
          Math.ceil(Math.min(unseen, ahead)),
          Math.ceil(Math.min(unseenByGuards, ahead)),
        )
      counted = totalOf()
      written = current
    },
    stored() {
      if (written === 0) return
      stored = written
      if (unseenByGuards >= STEP) unseen = unseenByGuards = 0
    },
    forget: () => {},
  }

  function totalOf(): number {
    return (changes.get() as { total: number }).total
  }

  function clockOf(): number {
    return (find.get() as { clock: number }).clock
  }

  function now(): number {
    const mono = performance.now()
    const moved = time + mono - at
    at = mono
    time = Math.max(moved, Date.now())
    unseen += time - moved
    unseenByGuards += time - moved
    return Math.floor(time)
  }
}
