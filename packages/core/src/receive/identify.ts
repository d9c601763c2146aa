import type { Writable } from '../basics/writable.ts'
import type { ParsedBody } from '../body/parse.ts'
import type { Delivery } from '../delivery.ts'
import { errorText, isWebhookError, WebhookError } from '../errors.ts'
import type { EventDraft, EventRecord } from '../event.ts'
import type { Intake, IntakeItem } from '../inbox/inbox.ts'
import { eventInfo } from '../observe/infos.ts'
import type { Verified } from '../provider/provider.ts'
import { identityOf, type IdentitySource } from './identity.ts'
import type { Exchange } from './exchange.ts'
import type { ReceiveContext } from './receive-context.ts'
import { UNHANDLED } from '../subscribe/subscription.ts'
import { taskDrafts } from '../subscribe/task-drafts.ts'
import { without, type CredentialPlace } from './credentials/places.ts'
import { payloadPlaces } from './strip.ts'

/** The events of a delivery. */
export interface Identified {
  readonly events: readonly EventRecord[]
  /** The events to store: those with a subscription. */
  readonly intake: Intake
}

const NO_NAMES: readonly string[] = []
const MAX_TOPIC = 1024

/** Reads the events out of a verified delivery and fixes their tasks. Throws `unidentified`, `unhandled_topic` or, if nothing subscribes, `internal_error`. */
export function identify(
  context: ReceiveContext,
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
    scope: verified.scope,
    carrier,
    digest: '',
  }
  const stored = context.strip(delivery, exchange.at)
  let events: EventRecord[] | undefined
  let items: IntakeItem[] | undefined
  let refused: EventRecord | undefined
  for (const draft of drafts) {
    const event = toRecord(source, draft, events?.length ?? 0, drafts.length)
    events = append(events, event)
    const tasks = taskDrafts(context, context.subscriptionsOf(draft), event, stored)
    if (tasks.length > 0) items = append(items, { event, tasks })
    // A topic with an answer and no subscription: the answer handles it, and nothing is stored.
    else if (!context.answers.any() || !context.answers.match(event.topic, event.aliases)) {
      if (context.onUnhandled === 'store')
        items = append(items, { event, tasks: [{ subscription: UNHANDLED }] })
      else if (context.onUnhandled === 'refuse') refused = event
      context.observer.unhandled?.(
        eventInfo(context.receiver, event),
        ACTIONS[context.onUnhandled],
        exchange.info,
      )
    }
  }
  if (refused && !items)
    throw new WebhookError('unhandled_topic', { problem: 'no_subscription', got: refused.topic })
  return { events: events ?? [], intake: { delivery: stored, items: items ?? [] } }
}

// Most lists have one item. V8 makes room for 17 of them if an empty one grows.
function append<T>(list: T[] | undefined, item: T): T[] {
  if (!list) return [item]
  list.push(item)
  return list
}

const ACTIONS = { acknowledge: 'acknowledged', store: 'stored', refuse: 'refused' } as const

function draftsOf(
  context: ReceiveContext,
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
          'unidentified',
          { problem: 'no_event', expected: shapeError(error) },
          { cause: error },
        )
  }
  for (const draft of drafts) {
    if (typeof draft.topic !== 'string' || draft.topic === '' || draft.topic.length > MAX_TOPIC) {
      throw new WebhookError('unidentified', { problem: 'no_topic' })
    }
    if (draft.id !== undefined && (typeof draft.id !== 'string' || draft.id === ''))
      throw new WebhookError('unidentified', {
        problem: 'malformed',
        field: 'id',
        expected: 'a string that is not empty',
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
  readonly context: ReceiveContext
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
    scope: source.scope,
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
