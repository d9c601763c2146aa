import { randomUUID } from 'node:crypto'
import {
  encodeDelivery,
  encodeEvent,
  type Guard,
  type Intake,
  type TaskDraft,
} from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { eventIdOf, guardIdOf } from './ids.ts'
import { toJob, type NewJob } from './jobs.ts'

/** An encoded delivery. */
export interface EncodedIntake {
  readonly items: readonly EncodedItem[]
  /** Set if several events share it. */
  readonly delivery: SharedDelivery | undefined
  readonly bytes: number
}

/** An event and its jobs. */
export interface EncodedItem {
  readonly id: string
  readonly row: EventRow
  readonly jobs: readonly NewJob[]
  readonly guards: readonly { readonly id: string; readonly otherwise: Guard['otherwise'] }[]
}

/** A row of postern_events. */
export interface EventRow {
  readonly id: string
  readonly receiver: string
  readonly key: string
  readonly event_id: string | undefined
  readonly topic: string
  readonly scope: string | undefined
  readonly provider: string
  readonly received: number
  readonly record: string
  readonly tasks: readonly (readonly [lane: number, id: string])[]
  readonly delivery: string | undefined
  readonly head: string | undefined
  readonly body: Uint8Array | undefined
  readonly contents: number | undefined
}

/** A delivery of several events. */
export interface SharedDelivery {
  readonly id: string
  readonly head: string
  readonly body: Uint8Array
}

/** Subscriptions a delivery has tasks for. */
export function subscriptionsOf(intake: Intake): readonly string[] {
  return [...new Set(intake.items.flatMap(({ tasks }) => tasks.map((task) => task.subscription)))]
}

/** Turns a delivery into rows and jobs. Its queues must be known. */
export function encodeIntake(engine: Engine, receiver: string, intake: Intake): EncodedIntake {
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
      guards: (event.guards ?? []).map(({ key, otherwise }) => ({
        id: guardIdOf(receiver, key),
        otherwise,
      })),
      row: {
        id,
        receiver,
        key: storable(event.key),
        event_id: event.id === undefined ? undefined : storable(event.id),
        topic: storable(event.topic),
        scope: event.scope === undefined ? undefined : storable(event.scope),
        provider: storable(event.provider),
        received,
        record,
        tasks: jobs.map((job) => [job.queue.id, job.id] as const),
        delivery: shared?.id,
        head: shared ? undefined : head,
        body: shared ? undefined : body,
        contents: event.passing && 1,
      },
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
    toJob(engine.queues.find(receiver, draft.subscription)!, event, draft, engine.settings.lease),
  )
  return jobs.length < 2 ? jobs : [...new Map(jobs.map((job) => [job.id, job])).values()]
}

/**
 * A string for a text column: PostgreSQL's text allows neither U+0000 nor lone surrogates. These columns are for
 * look-ups; the record has the original string.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd')
}

/** For JSON.stringify: makes strings that PostgreSQL's jsonb allows. */
export function plain(_: string, value: unknown): unknown {
  return typeof value === 'string' ? storable(value) : value
}
