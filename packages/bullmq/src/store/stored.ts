import type { Buffer } from 'node:buffer'
import { decodeDelivery, decodeEvent, type EventRecord } from '@postern/core/engine'
import type { StoredDelivery } from '@postern/core/inbox'

/** The reply of LOAD and GET_EVENT for an event. */
export type Stored = readonly [event: Buffer, head: Buffer | null, body: Buffer | null]

/** The event and the delivery it came in. */
export function decodeStored([event, head, body]: Stored): {
  readonly record: EventRecord
  readonly delivery: StoredDelivery
} {
  const delivery = decodeDelivery(String(head), body ?? NONE)
  const record = decodeEvent(event.toString(), delivery)
  return { record, delivery }
}

const NONE = new Uint8Array(0)
