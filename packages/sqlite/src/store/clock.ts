import type { Database } from '../driver/driver.ts'
import type { RowCache } from './kept.ts'

/**
 * The clock of a file, in milliseconds since 1970. It never goes back, in no process: it is the largest time that any of
 * them saw, moved on by the monotonic clock.
 */
export interface FileClock extends RowCache {
  now(): number
  /** Learns what other processes saw. */
  read(): void
}

// How old the stored time may be, in milliseconds.
const STORE = 1000

/** Makes a {@link FileClock}. */
export function createClock(db: Database): FileClock {
  const find = db.prepare('SELECT clock FROM postern_numbers')
  const set = db.prepare('UPDATE postern_numbers SET clock = ? WHERE clock < ?')
  const changes = db.prepare('SELECT total_changes() AS total')
  let time = 0
  let at = performance.now()
  let stored = 0
  let written = 0
  let counted = totalOf()
  read()

  return {
    now,
    read,
    store() {
      written = 0
      const current = now()
      // A look that changes nothing writes nothing: readers ask again whenever the file has changed.
      if (current - stored < STORE || totalOf() === counted) return
      set.run(current, current)
      counted = totalOf()
      written = current
    },
    stored() {
      if (written > 0) stored = written
    },
    forget: () => {},
  }

  function totalOf(): number {
    return (changes.get() as { total: number }).total
  }

  function now(): number {
    const mono = performance.now()
    time = Math.max(time + mono - at, Date.now())
    at = mono
    return Math.floor(time)
  }

  function read(): void {
    const { clock } = find.get() as { clock: number }
    time = Math.max(now(), clock)
  }
}
