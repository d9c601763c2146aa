import type { ClockStep } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import { CLOCK } from '../sql/tasks.ts'
import type { RowCache } from './writer.ts'

/**
 * The clock of a file, in milliseconds since 1970. It never goes back: it is the largest time that any process saw, plus the
 * time of the monotonic clock since then. A jump ahead of that is stored as a step.
 */
export interface FileClock extends RowCache {
  now(): number
  /** Reads the time that other processes stored. */
  read(): void
  steps(): readonly ClockStep[]
}

// Maximum age of the stored time, and the smallest step that is stored, in milliseconds.
const STORE = 10_000
const STEP = 1000
// A gap in which no process ran counts as at most this time, in milliseconds.
const GAP = 300_000

/** Makes a {@link FileClock}. Events have the time too, so a transaction that adds some (`adds`) need not store it. */
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
  // The sum of the steps that are not stored yet.
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
      // A transaction without changes writes nothing, since readers ask again whenever the file has changed.
      if ((current - stored < STORE && !stepped) || totalOf() === counted) return
      const before = (kept.get() as { clock: number }).clock
      set.run(current, current)
      // The part of the step that another process has stored is counted already.
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
