import type { Buffer } from 'node:buffer'
import {
  decodeDelivery,
  decodeEvent,
  type EventRecord,
  type StoredDelivery,
} from '@postern/core/inbox'

/** The reply of LOAD and GET_EVENT for an event. */
export type Stored = readonly [event: Buffer, head: Buffer, body: Buffer]

/** The event and the delivery it came in. */
export function decodeStored([event, head, body]: Stored): {
  readonly record: EventRecord
  readonly delivery: StoredDelivery
} {
  const delivery = decodeDelivery(head.toString(), body)
  return { record: decodeEvent(event.toString(), delivery), delivery }
}
