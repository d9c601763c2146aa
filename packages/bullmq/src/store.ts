import type { Buffer } from 'node:buffer'
import {
  decodeDelivery,
  decodeEvent,
  type EventRecord,
  type StoredDelivery,
} from '@postern/core/inbox'

/** What LOAD replies. */
export type Loaded = readonly [event: Buffer, head: Buffer, body: Buffer]

/** The event and the delivery it came in. */
export function decodeLoaded([event, head, body]: Loaded): {
  readonly record: EventRecord
  readonly delivery: StoredDelivery
} {
  const delivery = decodeDelivery(head.toString(), body)
  return { record: decodeEvent(event.toString(), delivery), delivery }
}
