import { stringifyJson } from '../body/json.ts'
import { tenantKey, type EventRecord } from '../event.ts'
import { type Seal, opened } from '../inbox/seal.ts'
import type { InboxView } from '../inbox/view.ts'

/** Finds senders that use an id again for another event. */
export interface ConflictWatch {
  /** Checks, off the path of the delivery, whether the known event has the same body. */
  look(event: EventRecord, found: () => void): void
}

// A sender that delivers all events twice must not cause a query for each delivery.
const EVERY = 1000

/** Makes the watch of a receiver: at most one query in a second, only for events that the inbox still keeps. */
export function createConflictWatch(
  receiver: string,
  view: Pick<InboxView, 'list' | 'get'>,
  now: () => number,
  seal?: Seal,
): ConflictWatch {
  let next = -Infinity

  return {
    look(event, found) {
      // The two of a pair of twins differ.
      if (event.key.startsWith(tenantKey(event.tenant, '=', ''))) return
      const at = now()
      if (at < next) return
      next = at + EVERY
      // The inbox reports its own outage elsewhere.
      void compare(event, found).catch(() => {})
    },
  }

  async function compare(event: EventRecord, found: () => void): Promise<void> {
    const { rows } = await view.list({ receiver, keys: [event.key], limit: 1 })
    const kept = rows?.[0] && (await view.get(rows[0].id))
    if (!kept || kept.record.key !== event.key || kept.record.origin !== undefined) return
    const { record, delivery } = kept
    const known = seal ? opened(seal, { event: record, delivery }).event : record
    if (known.payload === undefined || known.erased) return
    if (stringifyJson(known.payload) !== stringifyJson(event.payload)) found()
  }
}
