import type { Writable } from '../basics/maybe.ts'
import type { ParsedBody } from '../body/parse.ts'
import type { Delivery } from '../delivery.ts'
import { errorText, isWebhookError, WebhookError } from '../errors.ts'
import type { EventDraft, EventRecord, StoredDelivery, WebhookEvent } from '../event.ts'
import type { Intake, IntakeItem, Port } from '../inbox/inbox.ts'
import { eventInfo } from '../observe/infos.ts'
import type { Verified, Provider } from '../provider/provider.ts'
import { identityOf, type IdentitySource, type Dedupe } from './identity.ts'
import type { Exchange } from './exchange.ts'
import { UNHANDLED, type Subscription, taskDrafts } from '../subscribe/subscription.ts'
import { without, type CredentialPlace } from './credentials/places.ts'
import { payloadPlaces } from './strip.ts'
import type { Limits } from '../limits.ts'
import type { Observer } from '../observer.ts'
import type { Admission } from './admit.ts'
import type { Answers } from './reply/answer.ts'
import type { ConflictWatch } from './conflict.ts'
import type { KeepBody } from './erasure.ts'
import type { Explainer } from './explainer.ts'
import type { Recorder } from '../observe/recorder.ts'
import type { Reply } from './reply/reply.ts'
import type { Silence } from '../observe/silence.ts'
import type { Writes } from './writes.ts'

/** The events of a delivery. */
export interface Identified {
  readonly events: readonly EventRecord[]
  /** The events to store: those with a subscription. */
  readonly intake: Intake
}

const NO_NAMES: readonly string[] = []
const MAX_TOPIC = 1024

/** Reads the events out of a verified delivery and fixes their tasks. Throws `missing_event_id`, `missing_topic`, `malformed_event`, `unhandled_topic` or, if nothing subscribes, `internal_error`. */
export function identify(
  context: IdentifyContext,
  delivery: Delivery,
  body: ParsedBody,
  verified: Verified,
  exchange: Exchange,
): Identified {
  if (context.isDeaf())
    throw new WebhookError('internal_error', {
      problem: 'no_subscriptions',
      got: context.receiver,
    })
  const drafts = draftsOf(context, delivery, body)
  const credentials = payloadPlaces(context.provider.credentials, body.kind)
  const carrier = context.observer.carrier?.(exchange.info)
  const source: Source = {
    context,
    delivery,
    body,
    credentials,
    tenant: verified.tenant,
    carrier,
    digest: '',
  }
  const stored = context.strip(delivery, exchange.at)
  let events: EventRecord[] | undefined
  let items: IntakeItem[] | undefined
  let rejected: EventRecord | undefined
  for (const draft of drafts) {
    const event = toRecord(source, draft, events?.length ?? 0, drafts.length)
    events = append(events, event)
    const tasks = taskDrafts(context, context.subscriptionsOf(draft), event, stored)
    if (tasks.length > 0) items = append(items, { event, tasks })
    // A topic with an answer and no subscription: the answer handles it, and nothing is stored.
    else if (!context.answers.any() || !context.answers.match(event.topic, event.aliases)) {
      if (context.onUnhandled === 'store')
        items = append(items, { event, tasks: [{ subscription: UNHANDLED }] })
      else if (context.onUnhandled === 'reject') rejected = event
      context.observer.unhandled?.(
        eventInfo(context.receiver, event),
        ACTIONS[context.onUnhandled],
        exchange.info,
      )
    }
  }
  if (rejected && !items)
    throw new WebhookError('unhandled_topic', { problem: 'no_subscription', got: rejected.topic })
  return { events: events ?? [], intake: { delivery: stored, items: items ?? [] } }
}

// Most lists have one item. V8 makes room for 17 of them if an empty one grows.
function append<T>(list: T[] | undefined, item: T): T[] {
  if (!list) return [item]
  list.push(item)
  return list
}

const ACTIONS = { acknowledge: 'acknowledged', store: 'stored', reject: 'rejected' } as const

function draftsOf(
  context: IdentifyContext,
  delivery: Delivery,
  body: ParsedBody,
): readonly EventDraft[] {
  let drafts: readonly EventDraft[]
  try {
    drafts = context.provider.events(delivery, body)
  } catch (error) {
    // A provider reads members that the payload should have. A missing one is the sender's fault, not ours.
    throw isWebhookError(error)
      ? error
      : new WebhookError(
          'malformed_event',
          { problem: 'no_event', expected: shapeError(error) },
          { cause: error },
        )
  }
  for (const draft of drafts) {
    const { topic, id } = draft
    if (topic === undefined || topic === '')
      throw new WebhookError('missing_topic', { problem: 'no_topic' })
    if (typeof topic !== 'string' || topic.length > MAX_TOPIC)
      throw new WebhookError('malformed_event', {
        problem: 'malformed',
        field: 'topic',
        expected: `a string of at most ${MAX_TOPIC} characters`,
      })
    if (id === '') throw new WebhookError('missing_event_id', { problem: 'blank', field: 'id' })
    if (id !== undefined && typeof id !== 'string')
      throw new WebhookError('malformed_event', {
        problem: 'malformed',
        field: 'id',
        expected: 'a string',
      })
  }
  return drafts
}

// Only this kind of message never quotes a value: other messages could put payload into a log.
function shapeError(error: unknown): string {
  const text = errorText(error)
  return /^Cannot read properties of (?:undefined|null) \(reading '[^']{0,100}'\)$/.test(text)
    ? text
    : error instanceof Error
      ? error.name
      : typeof error
}

/** The common parts of the events of a delivery. */
interface Source extends IdentitySource {
  readonly context: IdentifyContext
  readonly body: ParsedBody
  /** Places of credentials in the payload. */
  readonly credentials: readonly CredentialPlace[]
  readonly carrier: EventRecord['carrier']
}

function toRecord(source: Source, draft: EventDraft, at: number, count: number): EventRecord {
  const { context, body } = source
  const { id, topic } = draft
  const { key, dedupe, guards } = identityOf(source, draft, at)
  const payload = source.credentials.reduce(without, draft.payload)
  const record: Writable<EventRecord> = {
    key,
    dedupe,
    id,
    topic,
    aliases: draft.aliases ?? NO_NAMES,
    payload,
    tenant: source.tenant,
    provider: context.provider.name,
  }
  if (guards !== undefined) record.guards = guards
  if (context.keepBody) record.passing = true
  if (source.carrier) record.carrier = source.carrier
  if (count > 1 || (Array.isArray(body.value) && draft.payload !== body.value)) record.batch = true
  if (body.kind === 'json' && payload === body.value)
    record.source = context.exact ? 'exact' : 'json'
  return record
}

/** The receiver as `identify` sees it. */
export type IdentifyContext = Pick<
  ReceiveContext,
  | 'receiver'
  | 'provider'
  | 'answers'
  | 'observer'
  | 'exact'
  | 'dedupe'
  | 'onUnhandled'
  | 'keepBody'
  | 'tenantKey'
  | 'subscriptionsOf'
  | 'strip'
  | 'isDeaf'
>

/** The receiver as the steps of a delivery see it. */
export interface ReceiveContext {
  readonly receiver: string
  readonly provider: Provider
  readonly port: Port
  readonly answers: Answers
  readonly observer: Observer
  readonly now: () => number
  /** Milliseconds of a clock that never goes back, for durations. */
  readonly monotonic: () => number
  /** Writes the journal, if the inbox keeps one. */
  readonly recorder: Recorder | undefined
  readonly silence: Silence
  readonly writes: Writes
  readonly explainer: Explainer | undefined
  /** Undefined if no observer asks, or the inbox cannot tell. */
  readonly conflicts: () => ConflictWatch | undefined
  readonly limits: Limits
  readonly ack: Reply
  readonly exact: boolean
  /** A Content-Type that contradicts the format is rejected. */
  readonly strictLabels: boolean
  readonly dedupe: Dedupe
  readonly onUnhandled: 'acknowledge' | 'store' | 'reject'
  /** True if nothing subscribes and nobody said that this is meant: every event would be lost. */
  readonly isDeaf: () => boolean
  /** Set if less than all is kept of events whose tasks are done. */
  readonly keepBody: KeepBody | undefined
  readonly tenantKey: ((event: WebhookEvent) => string) | undefined
  readonly subscriptionsOf: (event: EventDraft) => readonly Subscription[]
  readonly admit: (head: Delivery) => Admission
  readonly strip: (delivery: Delivery, receivedAt: number) => StoredDelivery
}
