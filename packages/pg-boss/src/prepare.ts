import { randomUUID } from 'node:crypto'
import { encodeDelivery, encodeEvent, type Intake, type TaskDraft } from '@postern/core'
import type { Engine } from './engine.ts'
import { eventIdOf } from './ids.ts'
import { toJob, type NewJob } from './jobs.ts'

/** A delivery as it will be stored. */
export interface PreparedIntake {
  readonly items: readonly PreparedItem[]
  /** Set where several events share it. */
  readonly delivery: SharedDelivery | undefined
  readonly bytes: number
}

/** An event and its jobs. */
export interface PreparedItem {
  readonly id: string
  /** Values of its row in postern_events. */
  readonly row: readonly unknown[]
  readonly jobs: readonly NewJob[]
}

/** A delivery of several events. */
export interface SharedDelivery {
  readonly id: string
  readonly head: string
  readonly body: Uint8Array
}

/** Names of the values of {@link PreparedItem.row}. */
export const EVENT_COLUMNS =
  'id, receiver, key, event_id, topic, scope, received, record, tasks, delivery, head, body'

/** Subscriptions a delivery has tasks for. */
export function subscriptionsOf(intake: Intake): readonly string[] {
  return [...new Set(intake.items.flatMap(({ tasks }) => tasks.map((task) => task.subscription)))]
}

/** Turns a delivery into rows and jobs. Its queues must be known. */
export function prepareIntake(engine: Engine, receiver: string, intake: Intake): PreparedIntake {
  const { head, body } = encodeDelivery(intake.delivery)
  const received = Math.floor(intake.delivery.receivedAt)
  const shared = intake.items.length > 1 ? { id: randomUUID(), head, body } : undefined
  let bytes = head.length + body.length
  const items = intake.items.map(({ event, tasks }) => {
    const id = eventIdOf(receiver, event.key)
    const record = encodeEvent(event, intake.delivery)
    const jobs = jobsOf(engine, receiver, { id, key: event.key }, tasks)
    bytes += record.length + 300 * jobs.length
    return {
      id,
      jobs,
      row: [
        id,
        receiver,
        storable(event.key),
        event.id === undefined ? null : storable(event.id),
        storable(event.topic),
        event.scope === undefined ? null : storable(event.scope),
        received,
        record,
        JSON.stringify(jobs.map((job) => [job.queue.id, job.id])),
        shared?.id ?? null,
        shared ? null : head,
        shared ? null : body,
      ],
    }
  })
  return { items, delivery: shared, bytes }
}

/** Jobs of an event's tasks, each once. */
export function jobsOf(
  engine: Engine,
  receiver: string,
  event: { readonly id: string; readonly key: string },
  tasks: readonly TaskDraft[],
): readonly NewJob[] {
  const jobs = tasks.map((draft) =>
    toJob(engine.queues.find(receiver, draft.subscription)!, event, draft),
  )
  return jobs.length < 2 ? jobs : [...new Map(jobs.map((job) => [job.id, job])).values()]
}

// PostgreSQL's text takes every character but one. These columns are for look-ups; the record has what was sent.
function storable(text: string): string {
  return text.replaceAll('\0', '\ufffd')
}
