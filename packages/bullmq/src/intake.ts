import { randomUUID } from 'node:crypto'
import { encodeEvent, packDelivery, type Intake, type IntakeItem } from '@postern/core'
import { eventName, jobRef, parseRef, type JobRef } from './names.ts'

/** An event of a delivery, ready to be stored. */
export interface PreparedItem {
  readonly item: IntakeItem
  readonly name: string
  readonly refs: readonly JobRef[]
}

/** A delivery, ready to be stored. */
export interface Prepared {
  readonly intake: Intake
  readonly items: readonly PreparedItem[]
  readonly packed: Uint8Array
}

/** Names and encodes what a delivery holds, before it waits for its turn. */
export function prepare(receiver: string, intake: Intake): Prepared {
  return {
    intake,
    packed: packDelivery(intake.delivery),
    items: intake.items.map((item) => {
      const name = eventName(receiver, item.event.key)
      return { item, name, refs: item.tasks.map((task) => jobRef(receiver, name, task)) }
    }),
  }
}

/** The arguments of RECORD for the events of a delivery that are new. */
export function recordArguments(
  { intake, packed }: Prepared,
  items: readonly PreparedItem[],
  keepDone: number,
): readonly (string | number | Uint8Array)[] {
  const { delivery } = intake
  const head = [randomUUID(), packed, delivery.receivedAt, Date.now() + keepDone]
  return [
    ...head,
    ...items.flatMap(({ item: { event }, name, refs }) => [
      name,
      JSON.stringify([event.key, event.id ?? null, event.topic, event.scope ?? null]),
      encodeEvent(event, delivery),
      refs.join('\n'),
    ]),
  ]
}

/** The queues that events need. */
export function queuesOf(items: readonly PreparedItem[]): Set<string> {
  return new Set(items.flatMap(({ refs }) => refs.map((ref) => parseRef(ref).queue)))
}
