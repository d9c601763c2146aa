import { createHash, randomUUID } from 'node:crypto'
import type { ParsedBody } from './body/parse.ts'
import type { Delivery } from './delivery.ts'
import { errorText, isWebhookError, WebhookError } from './errors.ts'
import { toEvent, type EventDraft, type EventRecord } from './event.ts'
import type { Intake, IntakeItem, TaskDraft } from './inbox/inbox.ts'
import type { Verified } from './provider.ts'
import type { Line } from './receive.ts'
import type { Credentials } from './scheme.ts'
import { withoutMembers } from './strip.ts'

/** What a delivery says. */
export interface Identified {
  readonly events: readonly EventRecord[]
  /** What is to be stored: the events somebody subscribed to. */
  readonly intake: Intake
}

// The subscription under which `onUnhandled: 'store'` keeps events; a later handler adopts them with `formerly: ['unhandled']`.
const UNHANDLED = 'unhandled'
const NO_ALIASES: readonly string[] = []
const NO_NAMES: readonly string[] = []
const MAX_TOPIC = 1024
const MAX_ID = 256

/** Reads the events out of a verified delivery and fixes their tasks. Throws `unidentified` or `unhandled_topic`. */
export function identify(
  line: Line,
  delivery: Delivery,
  body: ParsedBody,
  verified: Verified,
): Identified {
  const drafts = draftsOf(line, delivery, body)
  const secret = credentialMembers(line.provider.credentials, body)
  const stored = line.strip(delivery, line.now())
  const events: EventRecord[] = []
  const items: IntakeItem[] = []
  let digest: string | undefined
  let refused: EventRecord | undefined
  drafts.forEach((draft, at) => {
    const event = toRecord(
      line,
      draft,
      secret,
      body,
      verified.scope,
      () => `${(digest ??= bodyDigest(delivery))}:${at}`,
      drafts.length > 1 || (Array.isArray(body.value) && draft.payload !== body.value),
    )
    events.push(event)
    const tasks: TaskDraft[] = line.subscriptionsOf(draft).map(({ name, orderBy }) =>
      orderBy === undefined
        ? { subscription: name }
        : {
            subscription: name,
            orderKey: String(
              orderBy(toEvent(line.receiver, event, stored, event.payload) as never),
            ),
          },
    )
    if (tasks.length > 0) return void items.push({ event, tasks })
    // A topic that is only answered is handled by its answer: there is nothing to store.
    if (line.answers.size > 0 && line.answers.match(event.topic, event.aliases)) return
    if (line.onUnhandled === 'store') items.push({ event, tasks: [{ subscription: UNHANDLED }] })
    else if (line.onUnhandled === 'refuse') refused = event
    const action =
      line.onUnhandled === 'store'
        ? 'stored'
        : line.onUnhandled === 'refuse'
          ? 'refused'
          : 'acknowledged'
    line.observer.unhandled?.(
      {
        receiver: line.receiver,
        provider: event.provider,
        id: event.id,
        topic: event.topic,
        scope: event.scope,
      },
      action,
    )
  })
  if (refused && items.length === 0)
    throw new WebhookError(
      'unhandled_topic',
      `no subscription matches ${refused.topic}, and onUnhandled is 'refuse'`,
    )
  return { events, intake: { delivery: stored, items } }
}

function draftsOf(line: Line, delivery: Delivery, body: ParsedBody): readonly EventDraft[] {
  let drafts: readonly EventDraft[]
  try {
    drafts = line.provider.events(delivery, body)
  } catch (error) {
    // A provider reads what the payload should hold; where it is not there, that is the sender's fault and not ours.
    throw isWebhookError(error)
      ? error
      : new WebhookError(
          'unidentified',
          `${line.provider.name}: the payload has not the shape of an event: ${shapeError(error)}`,
          { cause: error },
        )
  }
  for (const draft of drafts) {
    if (typeof draft.topic !== 'string' || draft.topic === '' || draft.topic.length > MAX_TOPIC) {
      throw new WebhookError('unidentified', `${line.provider.name}: the delivery names no topic`)
    }
    if (draft.id !== undefined && (typeof draft.id !== 'string' || draft.id === ''))
      throw new WebhookError('unidentified', `${line.provider.name}: the event's id is no text`)
  }
  return drafts
}

// Only the one kind of message that never quotes a value: the others could put payload into a log.
function shapeError(error: unknown): string {
  const text = errorText(error)
  return /^Cannot read properties of (?:undefined|null) \(reading '[^']{0,100}'\)$/.test(text)
    ? text
    : error instanceof Error
      ? error.name
      : typeof error
}

function toRecord(
  line: Line,
  draft: EventDraft,
  secret: readonly string[],
  body: ParsedBody,
  scope: string | undefined,
  digestOf: () => string,
  batch: boolean,
): EventRecord {
  const { id, topic } = draft
  const payload = withoutMembers(draft.payload, secret)
  const digest = id === undefined && line.dedupe === 'digest'
  const dedupe = line.dedupe !== 'none' && (id !== undefined || digest)
  return {
    key: dedupe ? identity(scope, digest ? digestOf() : id!, digest) : `~${randomUUID()}`,
    dedupe,
    id,
    topic,
    aliases: draft.aliases ?? NO_ALIASES,
    payload,
    scope,
    provider: line.provider.name,
    ...(batch && { batch }),
    ...(body.kind === 'json' &&
      payload === body.value && { source: line.exact ? 'exact' : 'json' }),
  }
}

/** Members of a payload that are credentials: fields of a body, parameters where the query is the payload. */
function credentialMembers(
  credentials: Credentials | undefined,
  body: ParsedBody,
): readonly string[] {
  return (body.kind === 'query' ? credentials?.query : credentials?.fields) ?? NO_NAMES
}

// The length before the scope keeps scope and id apart whatever they hold; a digest cannot be taken for a sender's id.
function identity(scope: string | undefined, id: string, digest: boolean): string {
  const short = id.length > MAX_ID ? `sha256:${createHash('sha256').update(id).digest('hex')}` : id
  return `${scope === undefined ? '' : `${scope.length}:${scope}`}${digest ? '#' : ':'}${short}`
}

function bodyDigest(delivery: Delivery): string {
  return createHash('sha256')
    .update(delivery.method)
    .update('\n')
    .update(delivery.body.length === 0 ? delivery.url : '')
    .update('\n')
    .update(delivery.body)
    .digest('hex')
}
