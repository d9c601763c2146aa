import type { Buffer } from 'node:buffer'
import {
  decodeDelivery,
  decodeEvent,
  type EventRecord,
  type StoredDelivery,
  type TaskInfo,
} from '@postern/core/inbox'

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

/** As {@link decodeStored}; of an event that cannot be read, what its info says of it. */
export function readStored(
  stored: Stored,
  {
    event,
    provider,
    receivedAt,
  }: { readonly provider?: string | undefined } & Pick<TaskInfo, 'event' | 'receivedAt'>,
): ReturnType<typeof decodeStored> {
  try {
    return decodeStored(stored)
  } catch {
    const { key, id, topic, tenant } = event
    const shown = { key, id, topic, tenant, provider: provider ?? '' }
    const record = { ...shown, dedupe: true, aliases: [], payload: null }
    const delivery = { method: 'POST', url: '/', headers: [], body: stored[2] ?? NONE, receivedAt }
    return { record, delivery }
  }
}

const NONE = new Uint8Array(0)
