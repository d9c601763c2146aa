import type { Writable } from '../basics/maybe.ts'
import type { ParsedBody, Delivery } from '../delivery.ts'
import { errorText, isWebhookError, WebhookError } from '../errors.ts'
import {
  type EventDraft,
  type EventRecord,
  type StoredDelivery,
  tenantKey,
  type Guard,
} from '../event.ts'
import type { Intake, IntakeItem, Port } from '../inbox/inbox.ts'
import { eventInfo } from '../observe/infos.ts'
import type { Verified, Provider } from '../provider/provider.ts'
import type { Exchange } from './exchange.ts'
import { UNHANDLED, type Subscription, taskDrafts } from '../subscribe/subscription.ts'
import { without, type CredentialPlace } from './credentials/places.ts'
import { payloadPlaces } from './strip.ts'
import type { Admission } from './admit.ts'
import type { Answers } from './reply/answer.ts'
import type { ConflictWatch } from './conflict.ts'
import type { Explainer } from './explainer.ts'
import type { Recorder } from '../observe/recorder.ts'
import type { Silence, Writes } from '../observe/last-heard.ts'
import type { CheckedOptions, Dedupe } from '../receiver/options.ts'
import { createHash, randomUUID } from 'node:crypto'

export interface Identified {
  readonly events: readonly EventRecord[]
  readonly intake: Intake
}

const NO_NAMES: readonly string[] = []
const MAX_TOPIC = 1024

/**
 * Reads the events of a verified delivery and determines their tasks. Throws a `WebhookError` if an event is invalid.
 */
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
  let at = 0
  for (const draft of drafts) {
    const event = toRecord(source, draft, at++, drafts.length)
    const all = context.subscriptionsOf(draft)
    const both = bothOf(context, all, draft)
    const own = both.length === 0 ? all : all.filter((one) => !both.includes(one))
    if (both.length > 0) {
      // The sender reports one change in two events (twins). Subscriptions that match both topics get a separate event,
      // whose key is the same for both twins. So only the twin that arrives first is stored.
      const { guards, ...rest } = event
      const key = identityKey(event.tenant, '=', draft.twin!.id)
      const one = { ...rest, key, dedupe: true, ...(own.length === 0 && guards && { guards }) }
      events = append(events, one)
      items = append(items, { event: one, tasks: taskDrafts(context, both, one, stored) })
      if (own.length === 0) continue
    }
    events = append(events, event)
    const tasks = taskDrafts(context, own, event, stored)
    if (tasks.length > 0) items = append(items, { event, tasks })
    // If only an `answer` function handles the topic, nothing is stored.
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

function bothOf(
  context: IdentifyContext,
  subscriptions: readonly Subscription[],
  { twin }: EventDraft,
): readonly Subscription[] {
  if (twin === undefined || context.dedupe === 'none') return NO_SUBSCRIPTIONS
  const others = new Set(context.subscriptionsOf({ topic: twin.topic, payload: undefined }))
  return subscriptions.filter((one) => others.has(one))
}

const NO_SUBSCRIPTIONS: readonly Subscription[] = []

// Creates the list with its first item: most lists have only one, and an empty list grows to room for 17.
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
    // Providers read members that the payload should have. If such a member is missing, that is the sender's mistake.
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
      throw malformed('topic', `a string of at most ${MAX_TOPIC} characters`)
    if (id === '') throw new WebhookError('missing_event_id', { problem: 'blank', field: 'id' })
    if (id !== undefined && typeof id !== 'string') throw malformed('id', 'a string')
  }
  return drafts
}

function malformed(field: string, expected: string): WebhookError {
  return new WebhookError('malformed_event', { problem: 'malformed', field, expected })
}

// Returns the error's message only if it has the form below. Any other message may quote a value of the payload.
function shapeError(error: unknown): string {
  const text = errorText(error)
  return /^Cannot read properties of (?:undefined|null) \(reading '[^']{0,100}'\)$/.test(text)
    ? text
    : error instanceof Error
      ? error.name
      : typeof error
}

interface Source extends IdentitySource {
  readonly context: IdentifyContext
  readonly body: ParsedBody
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

export interface ReceiveContext extends CheckedOptions {
  readonly receiver: string
  readonly port: Port
  readonly answers: Answers
  readonly recorder: Recorder | undefined
  readonly silence: Silence
  readonly writes: Writes
  readonly explainer: Explainer | undefined
  /** Returns undefined if no observer has `idConflict`, or if the inbox cannot list its events. */
  readonly conflicts: () => ConflictWatch | undefined
  /** Returns true if the app has no handlers and has not set `onUnhandled`. Then every event would be lost. */
  readonly isDeaf: () => boolean
  readonly subscriptionsOf: (event: EventDraft) => readonly Subscription[]
  readonly admit: (head: Delivery) => Admission
  readonly strip: (delivery: Delivery, receivedAt: number) => StoredDelivery
}

interface IdentitySource {
  readonly context: { readonly dedupe: Dedupe; readonly provider: Provider }
  readonly delivery: Delivery
  readonly tenant: string | undefined
  /** Digest of the body; empty until the first event needs it. */
  digest: string
}

const MAX_ID = 256
const HASHED = 'sha256:'

interface Identity {
  readonly key: string
  readonly dedupe: boolean
  readonly guards: readonly Guard[] | undefined
}

/**
 * Returns the identity of an event, by which duplicates are found. `at` is the index of the event in its delivery. A
 * key starts with the tenant if there is one. A random key starts with `~` and never has a duplicate.
 */
export function identityOf(source: IdentitySource, draft: EventDraft, at: number): Identity {
  const { context, tenant } = source
  const { id } = draft
  if (context.dedupe === 'none')
    return { key: `~${randomUUID()}`, dedupe: false, guards: undefined }
  const guards = draft.guards?.map(({ key, otherwise }) => ({
    key: identityKey(tenant, '!', key),
    otherwise,
  }))
  if (context.dedupe === 'id+digest') {
    const digest = signedDigest(source, draft, at)
    if (id === undefined) return { key: identityKey(tenant, '#', digest), dedupe: true, guards }
    const signed = { key: identityKey(tenant, '#', digest), otherwise: 'duplicate' } as const
    return { key: identityKey(tenant, ':', id), dedupe: true, guards: [...(guards ?? []), signed] }
  }
  if (id !== undefined) return { key: identityKey(tenant, ':', id), dedupe: true, guards }
  if (context.dedupe === 'id') return { key: `~${randomUUID()}`, dedupe: false, guards }
  source.digest ||= bodyDigest(source.delivery)
  return { key: identityKey(tenant, '#', `${source.digest}:${at}`), dedupe: true, guards }
}

/**
 * Returns the deduplication key for an event id (`:`), a body's digest (`#`), a replay guard (`!`) or two events in
 * which the sender reports the same change (`=`). A long value is replaced by its hash, and so is a value that starts
 * with the prefix of such hashes.
 */
export function identityKey(
  tenant: string | undefined,
  mark: ':' | '#' | '!' | '=',
  id: string,
): string {
  if (id.length <= MAX_ID && !id.startsWith(HASHED)) return tenantKey(tenant, mark, id)
  return tenantKey(tenant, mark, HASHED + createHash('sha256').update(id).digest('hex'))
}

function bodyDigest({ method, url, body }: Delivery): string {
  return createHash('sha256')
    .update(method)
    .update('\n')
    .update(body.length === 0 ? url : '')
    .update('\n')
    .update(body)
    .digest('hex')
}

/** Returns a digest of everything that can differ between two signed events, including a topic in a header. */
function signedDigest(source: IdentitySource, { topic }: EventDraft, at: number): string {
  const { delivery, context } = source
  source.digest ||= bodyDigest(delivery)
  const time = context.provider.signedTime?.(delivery) ?? ''
  return createHash('sha256')
    .update(JSON.stringify([source.digest, at, time, topic]))
    .digest('hex')
}
