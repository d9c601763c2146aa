import { Buffer, isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import {
  encodeDelivery,
  encodeEvent,
  type EventRecord,
  type Intake,
  type IntakeItem,
} from '@postern/core/inbox'
import { eventName, guardName, jobRef, parseRef, type JobRef } from '../store/names.ts'

/** An event of a delivery, ready to be stored. */
export interface PreparedItem {
  readonly item: IntakeItem
  readonly name: string
  readonly refs: readonly JobRef[]
  readonly guards: readonly NamedGuard[]
}

/** A guard of an event, as Redis names it. */
interface NamedGuard {
  readonly name: string
  readonly otherwise: 'refuse' | 'duplicate'
}

/** A delivery, ready to be stored. */
export interface Prepared {
  readonly intake: Intake
  readonly items: readonly PreparedItem[]
  readonly head: string
  readonly body: string | Uint8Array
  /** About how much memory it takes. */
  readonly bytes: number
}

// The client joins strings much faster than Buffers, and the same bytes go out. But it copies each three times, within the
// heap: larger bodies stay outside of it.
const TEXT = 64 * 1024

/** Names and encodes a delivery and its events, before it waits for its batch. */
export function prepare(receiver: string, intake: Intake): Prepared {
  const { head, body } = encodeDelivery(intake.delivery)
  // The client writes a Buffer as bytes, but not a Uint8Array.
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  return {
    intake,
    head,
    body: body.length <= TEXT && isUtf8(body) ? bytes.toString() : bytes,
    bytes: head.length + body.length,
    items: intake.items.map((item) => {
      const name = eventName(receiver, item.event.key)
      const refs = item.tasks.map((task) => jobRef(receiver, name, task))
      const guards = (item.event.guards ?? NONE).map(({ key, otherwise }) => ({
        name: guardName(receiver, key),
        otherwise,
      }))
      return { item, name, refs, guards }
    }),
  }
}

const NONE: readonly never[] = []

/** The arguments of RECORD for the events of a delivery that are new. */
export function recordArguments(
  { intake: { delivery }, head, body }: Prepared,
  items: readonly PreparedItem[],
): readonly (string | number | Uint8Array)[] {
  const shared = items.length > 1 ? randomUUID() : ''
  return items.flatMap(({ item: { event }, name, refs, guards }, at) => [
    name,
    JSON.stringify([event.key, event.id ?? null, event.topic, event.scope ?? null, event.provider]),
    encodeEvent(event.guards ? withoutGuards(event) : event, delivery),
    refs.join('\n'),
    delivery.receivedAt,
    guards.map((guard) => guard.name).join('\n'),
    shared,
    ...(at === 0 ? [head, body] : ['', '']),
    event.passing ? '1' : '',
  ])
}

function withoutGuards(event: EventRecord): EventRecord {
  const { guards: _, ...rest } = event
  return rest
}

/** The queues that events need. */
export function queuesOf(items: readonly PreparedItem[]): Set<string> {
  return new Set(items.flatMap(({ refs }) => refs.map((ref) => parseRef(ref).queue)))
}
