import { loadXml, xmlReady } from '../body/xml.ts'
import { parseBody } from '../body/parse.ts'
import type { Admission } from './admit.ts'
import type { Answers } from './answer.ts'
import { answerReply } from './answer.ts'
import { markVerified, type Delivery } from '../delivery.ts'
import { toWebhookError, WebhookError } from '../errors.ts'
import { toEvent, type EventDraft, type StoredDelivery, type WebhookEvent } from '../event.ts'
import { identify, type Identified } from './identify.ts'
import type { Dedupe } from './identity.ts'
import type { Host, IntakeItem, Port, Taken } from '../inbox/inbox.ts'
import { isPromise, type MaybePromise } from '../maybe.ts'
import { eventInfo, type Observer, type RequestInfo } from '../observer.ts'
import type { Provider } from '../provider/provider.ts'
import { problem, type Reply } from './reply.ts'
import type { Subscription } from '../subscribe/subscription.ts'
import { pathOf } from './strip.ts'

/** What the line needs of its receiver. */
export interface Line {
  readonly receiver: string
  readonly provider: Provider
  readonly port: Port
  readonly answers: Answers
  readonly observer: Observer
  readonly now: () => number
  readonly ack: Reply
  readonly exact: boolean
  readonly dedupe: Dedupe
  readonly onUnhandled: 'acknowledge' | 'store' | 'refuse'
  readonly fairBy: ((event: WebhookEvent) => string) | undefined
  readonly subscriptionsOf: (event: EventDraft) => readonly Subscription[]
  readonly admit: (head: Delivery) => Admission
  readonly strip: (delivery: Delivery, receivedAt: number) => StoredDelivery
}

/**
 * The line a delivery walks: admit → read (the adapter) → greet → verify → parse → handshake → identify → accept → reply. It answers whatever the
 * network sent and never throws. A step that has its result at once is not awaited: a promise costs a tick.
 */
export async function receive(line: Line, delivery: Delivery, host: Host): Promise<Reply> {
  const { provider } = line
  let admission = host.admission
  try {
    admission ??= line.admit(delivery)
    if (delivery.body.byteLength > admission.limit)
      throw admission.tooLarge(delivery.body.byteLength)
    line.observer.received?.(requestInfo(line, delivery))

    if (needsXml(provider) && !xmlReady()) await loadXml()

    if (provider.greet) {
      const greeting = await provider.greet(delivery)
      if (greeting) return greeted(line, delivery, greeting)
    }

    const verifying = provider.verify(delivery, line.now)
    const verified = (isPromise(verifying) ? await verifying : verifying) ?? {}

    if (!provider.unauthenticated) markVerified(delivery)
    const parsing = parseBody(delivery, line.exact)
    const parsed = isPromise(parsing) ? await parsing : parsing
    const body = line.exact ? { ...parsed, exact: true } : parsed

    if (provider.handshake) {
      const challenge = await provider.handshake(delivery, body, verified)
      if (challenge) return greeted(line, delivery, challenge)
    }

    const identified = identify(line, delivery, body, verified)

    const accepting = accept(line, identified, host)
    const taken = isPromise(accepting) ? await accepting : accepting

    const replying = reply(line, delivery, identified, taken)
    return isPromise(replying) ? await replying : replying
  } catch (error) {
    return refuse(line, delivery, toWebhookError(error))
  } finally {
    admission?.release()
  }
}

function needsXml({ xml, formats }: Provider): boolean {
  return xml === true || (formats !== undefined && formats.includes('xml'))
}

/** Refuses a delivery: the reason to the observers, its code to the sender. Adapters call it for what they refuse. */
export function refuse(
  line: Pick<Line, 'receiver' | 'provider' | 'observer'>,
  delivery: Pick<Delivery, 'method' | 'url' | 'body'> & Partial<Delivery>,
  error: WebhookError,
): Reply {
  line.observer.rejected?.(requestInfo(line, delivery), error)
  try {
    const own =
      'header' in delivery
        ? line.provider.reply?.({ kind: 'refused', error }, delivery as Delivery)
        : undefined
    return own ?? problem(error)
  } catch {
    // What a provider puts in its refusals may be read from the very body that was refused.
    return problem(error)
  }
}

function accept(line: Line, identified: Identified, host: Host): MaybePromise<readonly Taken[]> {
  if (identified.intake.items.length === 0) return []
  try {
    const accepting = line.port.accept(identified.intake, host)
    return isPromise(accepting) ? accepting.catch(unavailable) : accepting
  } catch (error) {
    return unavailable(error)
  }
}

function unavailable(error: unknown): never {
  throw toWebhookError(error, 'inbox_unavailable')
}

function reply(
  line: Line,
  delivery: Delivery,
  identified: Identified,
  taken: readonly Taken[],
): MaybePromise<Reply> {
  if (taken.includes('refused'))
    throw new WebhookError(
      'replayed',
      'what this delivery was signed with belongs to another event: it was captured and sent again',
    )
  tellTaken(line, identified.intake.items, taken)
  if (taken.includes('busy'))
    throw new WebhookError('in_progress', 'the same event is being handled right now', {
      retryAfter: 5,
    })
  const answering = line.answers.size > 0 && answer(line, identified)
  if (answering) return answering
  if (!line.provider.reply) return line.ack
  const kind =
    taken.length === 0
      ? 'unhandled'
      : taken.every((one) => one === 'duplicate')
        ? 'duplicate'
        : 'accepted'
  return line.provider.reply({ kind, events: identified.events }, delivery) ?? line.ack
}

function tellTaken(line: Line, items: readonly IntakeItem[], taken: readonly Taken[]): void {
  const { observer } = line
  items.forEach(({ event, tasks }, at) => {
    if (taken[at] === 'new') observer.accepted?.(eventInfo(line.receiver, event), tasks.length)
    else observer.duplicate?.(eventInfo(line.receiver, event), taken[at] === 'revived')
  })
}

/** The answer to the first event that one is subscribed to. */
function answer(line: Line, { events, intake }: Identified): MaybePromise<Reply> | undefined {
  for (const event of events) {
    const found = line.answers.match(event.topic, event.aliases)
    if (!found) continue
    return answerReply(
      found,
      toEvent(line.receiver, event, intake.delivery, event.payload),
      line.provider.refusal,
      (error) => line.observer.answerFailed?.(eventInfo(line.receiver, event), error),
    )
  }
  return undefined
}

function greeted(line: Line, delivery: Delivery, greeting: Reply): Reply {
  line.observer.handshake?.(requestInfo(line, delivery))
  return greeting
}

function requestInfo(
  line: Pick<Line, 'receiver' | 'provider'>,
  delivery: Pick<Delivery, 'method' | 'url' | 'body'>,
): RequestInfo {
  return {
    receiver: line.receiver,
    provider: line.provider.name,
    method: delivery.method,
    path: pathOf(delivery.url),
    bytes: delivery.body.byteLength,
  }
}
