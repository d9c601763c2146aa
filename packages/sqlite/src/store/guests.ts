import type { GuestRows, Rows } from '@postern/core/engine'
import type { Database, Driver, Guest } from '../driver/driver.ts'
import { LOCK, NEXT_NUMBER, SINCE } from '../sql/tasks.ts'
import type { Keys } from '../keys/keys.ts'
import { createConnection, type RowsHost } from './rows.ts'

/** Creates rows for the app's own connections. `begin` empties their caches, since the app may have rolled back. */
export function createGuests(
  { main, guest: guestOf }: Pick<Driver, 'main' | 'guest'>,
  keys: Keys,
  host: RowsHost,
): { of(connection: unknown): GuestRows } {
  const committed = main.prepare(NEXT_NUMBER)
  const known = new WeakMap<object, { readonly guest: Guest; readonly rows: GuestRows }>()

  return {
    of(connection) {
      const key = connection as object
      let one = known.get(key)
      if (!one) {
        if (!guestOf)
          throw new TypeError(
            'inTransaction: this database has only one connection, and the inbox uses it; use task.commit instead',
          )
        const guest = guestOf(connection)
        known.set(key, (one = { guest, rows: join(guest) }))
      }
      one.guest.check()
      return one.rows
    },
  }

  function join(guest: Guest): GuestRows {
    const { database } = guest
    const lock = database.prepare(LOCK)
    const own = guestKeys(database)
    const { rows, kept, names } = createConnection(database, own, host)
    const within =
      <Args extends unknown[], T>(run: (...args: Args) => T) =>
      (...args: Args): T => {
        // If the app did not await an earlier call, its transaction may have ended, and a write would be outside of it.
        guest.check()
        try {
          const result = run(...args)
          for (const each of kept) each.store()
          return result
        } catch (error) {
          guest.undo()
          throw error
        } finally {
          keys.forget()
        }
      }
    const all = Object.entries(rows).map(([name, run]) => [name, within(run as never)])
    return {
      ...(Object.fromEntries(all) as unknown as Rows),
      begin() {
        for (const each of kept) each.forget()
        names.forget()
        host.wrote()
        guest.check()
        guest.begin()
        // Locks the file first, so that all values that are read later stay valid.
        within(() => lock.run())()
      },
      lanes: within((receiver, groups) => names.lanes(receiver, groups)),
    }
  }

  /** Creates keys that find committed events and events of the open transaction. */
  function guestKeys(database: Database): Pick<Keys, 'hash' | 'find' | 'add'> {
    const next = database.prepare(NEXT_NUMBER)
    const since = database.prepare(SINCE)
    return {
      hash: (receiver, key) => keys.hash(receiver, key),
      find(hash, receiver, key) {
        const found = keys.find(hash, receiver, key)
        if (found !== undefined) return found
        const row = since.get(numberOf(committed.get()), receiver, key) as
          | { id: number }
          | undefined
        return row?.id
      },
      add: () => numberOf(next.get()),
    }
  }
}

function numberOf(row: unknown): number {
  return (row as { next: number }).next
}
