import { stringifyJson } from '../body/json.ts'
import { tenantKey, type EventRecord } from '../event.ts'
import { type Seal, opened } from '../inbox/seal.ts'
import type { InboxView } from '../inbox/view.ts'

/** Calls `found` if the payload of a duplicate differs from the stored payload: the sender then reuses an id. */
export type ConflictWatch = (event: EventRecord, found: () => void) => void

// Minimum number of milliseconds between two queries, for senders that deliver every event twice.
const EVERY = 1000

export function createConflictWatch(
  receiver: string,
  view: Pick<InboxView, 'list' | 'get'>,
  now: () => number,
  seal?: Seal,
): ConflictWatch {
  let next = -Infinity

  return (event, found) => {
    // Twins (two events that report the same thing) share a key, and their payloads always differ.
    if (event.key.startsWith(tenantKey(event.tenant, '=', ''))) return
    const at = now()
    if (at < next) return
    next = at + EVERY
    // Errors are ignored, because the next write to the inbox reports an outage anyway.
    void compare(event, found).catch(() => {})
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
