import { stringifyJson } from '../body/json.ts'
import { tenantKey, type EventRecord } from '../event.ts'
import { type Seal, opened } from '../inbox/seal.ts'
import type { InboxView } from '../inbox/view.ts'

/** Calls `found` if the known event has another body: its sender uses one id for different events. */
export type ConflictWatch = (event: EventRecord, found: () => void) => void

// A sender that delivers every event twice must not cause a query for each delivery.
const EVERY = 1000

/** Makes the watch of a receiver. It makes at most one query per second. */
export function createConflictWatch(
  receiver: string,
  view: Pick<InboxView, 'list' | 'get'>,
  now: () => number,
  seal?: Seal,
): ConflictWatch {
  let next = -Infinity

  return (event, found) => {
    // The two events of a pair of twins differ.
    if (event.key.startsWith(tenantKey(event.tenant, '=', ''))) return
    const at = now()
    if (at < next) return
    next = at + EVERY
    // Another write reports an outage of the inbox.
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
