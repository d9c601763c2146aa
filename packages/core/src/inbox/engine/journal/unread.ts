import type { Json } from '../../../delivery.ts'
import type { Arrival } from '../../journal.ts'

/** Reads what is stored. What cannot be read is told once, and counts as something else. */
export interface UnreadTeller {
  /** What `read` returns; if it throws, `otherwise`. `what` and `then` are told: "record x" and "it counts as absent". */
  or<T>(read: () => T, otherwise: T, what: string, then: string): T
  /** The value of a record, which counts as absent if its text cannot be read. The end of its key may be a secret, and is not told. */
  record(key: string, text: string): { readonly value: Json } | undefined
}

// Things that are remembered as told.
const MOST = 1000

/**
 * Makes it for an inbox; `warn` tells its receivers.
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

/** The value of a JSON text; undefined for one that cannot be read, which must not hide the row it belongs to. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** A stored delivery; one that cannot be read is shown by its time, and hides no other. */
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
  outcome: 'refused',
  verified: false,
  status: 0,
  took: 0,
  bytes: 0,
  topics: [],
  ids: [],
  keys: [],
}
