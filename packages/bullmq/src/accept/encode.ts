import { Buffer, isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import {
  decodeDelivery,
  decodeEvent,
  encodeDelivery,
  encodeEvent,
  type EventRecord,
  type Intake,
  type IntakeItem,
  type TaskDraft,
} from '@postern/core/engine'
import type { StoredDelivery } from '@postern/core/inbox'
import {
  eventName,
  guardName,
  jobId,
  jobRef,
  queueName,
  type JobRef,
  type JobData,
} from '../store/queues.ts'

export interface PreparedItem {
  readonly item: IntakeItem
  readonly name: string
  readonly refs: readonly JobRef[]
}

/** A delivery, already encoded as arguments of a script. `head` is the delivery without its body. */
export interface Prepared {
  readonly receiver: string
  readonly intake: Intake
  readonly items: readonly PreparedItem[]
  readonly head: string
  readonly body: string | Uint8Array
  /** Approximate size in memory, in bytes. */
  readonly bytes: number
}

type Argument = string | number | Uint8Array

// Maximum length of a body that is sent as a string, in bytes. The client joins strings much faster than Buffers. But
// the client copies each string three times in V8's heap, so larger bodies are sent as Buffers.
const TEXT = 64 * 1024

/** Encodes a delivery and its events, before the delivery waits for its batch. */
export function prepare(receiver: string, intake: Intake): Prepared {
  const { head, body } = encodeDelivery(intake.delivery)
  // The body is wrapped in a Buffer, since the client does not send a Uint8Array as bytes.
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  return {
    receiver,
    intake,
    head,
    body: body.length <= TEXT && isUtf8(body) ? bytes.toString() : bytes,
    bytes: head.length + body.length,
    items: intake.items.map((item) => {
      const name = eventName(receiver, item.event.key)
      return { item, name, refs: item.tasks.map((task) => jobRef(receiver, name, task)) }
    }),
  }
}

/** Returns the arguments of the script STORE for a delivery and its new events. */
export function deliveryArguments(
  { receiver, intake: { delivery }, head, body }: Prepared,
  fresh: readonly PreparedItem[],
): readonly Argument[] {
  return [
    head,
    body,
    fresh.length > 1 ? randomUUID() : '',
    fresh.length,
    ...fresh.flatMap(({ item: { event, tasks }, name }) => [
      name,
      JSON.stringify([
        event.key,
        event.id ?? null,
        event.topic,
        event.tenant ?? null,
        event.provider,
      ]),
      encodeEvent(event.guards ? withoutGuards(event) : event, delivery),
      event.topic,
      Math.floor(delivery.receivedAt),
      event.passing ? 1 : '',
      event.guards?.length ?? 0,
      ...(event.guards ?? NONE).flatMap(({ key, otherwise }) => [
        guardName(receiver, key),
        otherwise,
      ]),
      ...taskArguments(receiver, name, tasks),
    ]),
  ]
}

const NONE: readonly never[] = []

/** Returns the arguments of the scripts STORE and SPAWN for tasks of an event. */
export function taskArguments(
  receiver: string,
  event: string,
  tasks: readonly TaskDraft[],
): readonly Argument[] {
  return [
    tasks.length,
    ...tasks.flatMap(({ subscription, part, data, fairKey }) => [
      queueName(receiver, subscription),
      jobId(event, part),
      JSON.stringify({ e: event, p: part, d: data, f: fairKey } satisfies JobData),
      fairKey === undefined ? '' : `+${fairKey}`,
    ]),
  ]
}

function withoutGuards(event: EventRecord): EventRecord {
  const { guards: _, ...rest } = event
  return rest
}

/** The reply of the scripts LOAD and GET_EVENT for an event. */
export type Stored = readonly [event: Buffer, head: Buffer | null, body: Buffer | null]

export function decodeStored([event, head, body]: Stored): {
  readonly record: EventRecord
  readonly delivery: StoredDelivery
} {
  const delivery = decodeDelivery(String(head), body ?? new Uint8Array(0))
  return { record: decodeEvent(event.toString(), delivery), delivery }
}
