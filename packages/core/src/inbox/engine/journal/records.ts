import type { Json } from '../../../delivery.ts'
import type { Records } from '../../inbox.ts'
import type { Access } from '../access.ts'
import type { RecordRow, RecordRows } from './store.ts'
import type { Arrival } from '../../journal.ts'

/** Makes the {@link Records} of a store: values by key. A record that cannot be read is logged and counts as absent. */
export function createRecords(rows: RecordRows, access: Access, unread: UnreadTeller): Records {
  return {
    async get(key) {
      const row = await access.read(() => rows.get(key))
      return row && valueOf(key, row)
    },
    async set(key, value, expected) {
      const text = JSON.stringify(value)
      if (text === undefined)
        throw new TypeError(`records: the value of ${key} must be a JSON value`)
      if (await access.write(() => rows.set(key, text, expected))) return true
      if (expected !== 0) return false
      const row = await access.read(() => rows.get(key))
      if (!row || valueOf(key, row)) return false
      return access.write(() => rows.set(key, text, row.version))
    },
    delete: (key, expected) => access.write(() => rows.delete(key, expected)),
    async list(prefix) {
      const all = await access.read(() => rows.list(prefix))
      return all.flatMap((row) => {
        const found = valueOf(row.key, row)
        return found ? { key: row.key, ...found } : []
      })
    },
  }

  function valueOf(
    key: string,
    { value, version }: RecordRow,
  ): { readonly value: Json; readonly version: number } | undefined {
    const found = unread.record(key, value)
    return found && { ...found, version }
  }
}

/** Reads stored values. Each value that cannot be read is logged once. */
export interface UnreadTeller {
  /**
   * Returns the result of `read`. If `read` throws, returns `otherwise`. Also logs that `what` cannot be read, with the
   * consequence `then`.
   */
  or<T>(read: () => T, otherwise: T, what: string, then: string): T
  /**
   * Returns the value of a record, or undefined if it cannot be read. Logs only the start of the key: the end may be a
   * secret.
   */
  record(key: string, text: string): { readonly value: Json } | undefined
}

// Maximum number of unreadable values that are logged, each once.
const MOST = 1000

/**
 * Makes an {@link UnreadTeller} for an inbox; `warn` logs to its receivers.
 *
 * @example
 * const unread = createUnread('myInbox', (message) => consumer.warn(message))
 * const value = unread.or(() => JSON.parse(text), undefined, 'the record a', 'it counts as absent')
 */
export function createUnread(inbox: string, warn: (message: string) => void): UnreadTeller {
  const told = new Set<string>()
  return {
    or,
    record(key, text) {
      const path = key.split('?')[0]!
      const end = Math.max(...[':', '/', '['].map((one) => path.lastIndexOf(one)))
      const name = `${path.slice(0, end + 1)}…`
      const read = (): { readonly value: Json } => ({ value: JSON.parse(text) as Json })
      return or(read, undefined, `the record ${name}`, 'it counts as absent')
    },
  }

  function or<T>(read: () => T, otherwise: T, what: string, then: string): T {
    try {
      return read()
    } catch {
      if (told.size < MOST && !told.has(what)) {
        told.add(what)
        warn(`${inbox}: ${what} cannot be read: ${then}`)
      }
      return otherwise
    }
  }
}

/** Parses a JSON text. Returns undefined for invalid JSON, so that the rows after a damaged row are still read. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/**
 * Returns a stored delivery. If the delivery cannot be read, returns a placeholder with its id, its time and a reason.
 */
export function readableArrival(stored: unknown, id: string, at: number): Arrival {
  const arrival = stored as Partial<Arrival> | null | undefined
  if (typeof arrival?.receiver === 'string' && typeof arrival.at === 'number')
    return arrival as Arrival
  const reason = 'this delivery cannot be read: its row in the journal is damaged'
  return { ...UNREAD, id, at, reason }
}

const UNREAD: Omit<Arrival, 'id' | 'at'> = {
  receiver: '',
  provider: '',
  method: '',
  path: '',
  outcome: 'rejected',
  verified: false,
  status: 0,
  took: 0,
  bytes: 0,
  topics: [],
  ids: [],
  keys: [],
}
