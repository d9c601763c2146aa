import { encodeDelivery, encodeEvent, type Intake } from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'
import { isKeyOf, type Scopes } from './scopes.ts'

/** A delivery and its events as they are stored. */
export interface EncodedIntake {
  readonly intake: Intake
  readonly head: string
  readonly body: Uint8Array
  readonly records: readonly string[]
  /** How many they are, roughly. */
  readonly bytes: number
}

/** Stores new events through one connection. Inside a transaction. */
export interface NewEvents {
  /** Begins a delivery in the open transaction. */
  begin(encoded: EncodedIntake): AddEvent
}

/** Stores the event of an item of the delivery, under a number that is free. */
export type AddEvent = (item: number, event: number, receiver: number) => void

/** Encodes a delivery and its events. */
export function encodeIntake(intake: Intake): EncodedIntake {
  const { head, body } = encodeDelivery(intake.delivery)
  const records = intake.items.map((item) => encodeEvent(item.event, intake.delivery))
  const bytes = records.reduce((sum, record) => sum + record.length, head.length + body.length)
  return { intake, head, body, records, bytes }
}

/** Prepares the statements. */
export function createNewEvents(db: Database, scopes: Scopes): NewEvents {
  const addDelivery = db.prepare('INSERT INTO postern_deliveries (head, body) VALUES (?, ?)')
  const addEvent = db.prepare(
    'INSERT INTO postern_events (id, receiver, key, received, topic, event_id, scope, delivery, record, head, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const pass = db.prepare('UPDATE postern_events SET contents = 1 WHERE id = ?')
  const loosen = db.prepare('UPDATE postern_events SET loose = 1 WHERE id = ?')

  return {
    begin({ intake: { delivery, items }, head, body, records }) {
      // An event that came alone has its delivery in its own row; those that came together share one.
      const alone = items.length === 1
      let shared: number | bigint | undefined
      return (item, number, receiver) => {
        const { key, topic, id, scope, passing } = items[item]!.event
        if (scope !== undefined) scopes.add(receiver, scope)
        if (!alone) shared ??= addDelivery.run(head, body).lastInsertRowid
        addEvent.run(
          number,
          receiver,
          key,
          Math.floor(delivery.receivedAt),
          topic,
          id ?? null,
          scope ?? null,
          shared ?? null,
          records[item]!,
          alone ? head : null,
          alone ? body : null,
        )
        if (passing) pass.run(number)
        if (id !== undefined && !isKeyOf(key, scope, id)) loosen.run(number)
      }
    },
  }
}
