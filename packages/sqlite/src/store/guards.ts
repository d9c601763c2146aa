import type { Guarded } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import { ADD_GUARD, DROP_GUARD, HOLDER } from '../sql/guards.ts'
import type { RowCache } from './kept.ts'
import type { Names } from './names.ts'

/** Keys that only one event of a receiver may hold. They live as long as their event. Inside a transaction. */
interface Guards extends RowCache {
  /** As `Rows.guard`. */
  take(wanted: readonly Guarded[], now: number): ReadonlySet<Guarded>
  /** As `Rows.unguard`. */
  giveBack(taken: readonly Guarded[]): void
}

/** Prepares the statements. */
export function createGuards(db: Database, names: Pick<Names, 'receiver'>): Guards {
  const holder = db.prepare(HOLDER)
  const add = db.prepare(ADD_GUARD)
  const drop = db.prepare(DROP_GUARD)
  // Rows that the open transaction has made: others were there before, and stay.
  let made = new Set<string>()

  return {
    take(wanted, now) {
      const own = new Set<Guarded>()
      for (const one of wanted) {
        const { key, event } = one
        const owner = names.receiver(event.receiver)
        const row = holder.get(owner, key) as { holder: string } | undefined
        if (row ? row.holder !== event.event.key : false) continue
        own.add(one)
        if (row) continue
        add.run(owner, key, event.event.key, now)
        made.add(`${owner} ${key}`)
      }
      return own
    },
    giveBack(taken) {
      for (const { key, event } of taken) {
        const owner = names.receiver(event.receiver)
        if (made.delete(`${owner} ${key}`)) drop.run(owner, key)
      }
    },
    store: () => {},
    stored: forget,
    forget,
  }

  function forget(): void {
    if (made.size > 0) made = new Set()
  }
}
