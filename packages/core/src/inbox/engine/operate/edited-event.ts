import { randomUUID } from 'node:crypto'
import type { Json } from '../../../delivery.ts'
import type { EventRecord } from '../../../event.ts'

/**
 * The event of `InboxView.rerun`: the same sender, topic and id with another payload. Its key is its own, and so are the
 * idempotency keys of its tasks; `origin` is the key of the event it was made of. It is never deduplicated, and it holds
 * no guards.
 *
 * @example
 * const edited = editedEvent(record, { ...payload, amount: 12 })
 * edited.origin === record.key // true
 */
export function editedEvent(event: EventRecord, payload: Json): EventRecord {
  // `source` means that the body holds the payload, which is false for an edited one.
  const { source: _, guards: __, ...rest } = event
  return { ...rest, key: `~${randomUUID()}`, dedupe: false, payload, origin: event.key }
}
