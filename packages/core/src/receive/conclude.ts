import type { Delivery } from '../delivery.ts'
import { WebhookError } from '../errors.ts'
import { toEvent } from '../event.ts'
import type { IntakeItem, Taken } from '../inbox/inbox.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import { eventInfo } from '../observe/infos.ts'
import { answerReply } from './reply/answer.ts'
import { Exchange, type Answered } from './exchange.ts'
import type { Identified } from './identify.ts'
import type { LineHost } from './line.ts'
import { problem, type Reply } from './reply/reply.ts'

/** Refuses a delivery: the reason to the observers, its code to the sender. Adapters call it for what they refuse. */
export function refuse(
  line: LineHost,
  delivery: Pick<Delivery, 'method' | 'url' | 'body'> & Partial<Delivery>,
  error: WebhookError,
  exchange: Exchange = new Exchange(line, delivery, line.now(), line.monotonic()),
): Reply {
  line.observer.rejected?.(exchange.info, error)
  line.explainer?.(exchange, delivery, error)
  const reply = refusal(line, delivery, error)
  return answered(line, exchange, reply, { outcome: 'refused', error, delivery, events: [] })
}

function refusal(
  line: LineHost,
  delivery: Pick<Delivery, 'method' | 'url' | 'body'> & Partial<Delivery>,
  error: WebhookError,
): Reply {
  try {
    // A method that the sender does not use is not the sender's: it reads no reply of its own form.
    const own =
      'header' in delivery && error.code !== 'method_not_allowed'
        ? line.provider.reply?.({ kind: 'refused', error }, delivery as Delivery)
        : undefined
    return own ?? problem(error)
  } catch {
    // A provider's `reply` to a refusal may read the body that was refused.
    return problem(error)
  }
}

/** Tells the journal and the observers of the reply, and returns it. */
export function answered(line: LineHost, exchange: Exchange, reply: Reply, what: Answered): Reply {
  const { observer, recorder, silence } = line
  if (what.outcome !== 'refused' && exchange.verified) silence.heard(exchange.at)
  if (!recorder && !observer.answered) return reply
  const took = line.monotonic() - exchange.started
  recorder?.answered(exchange, reply, took, what)
  observer.answered?.(exchange.info, {
    outcome: what.outcome,
    status: reply.status,
    took,
    ...(what.error && { code: what.error.code }),
    events: what.events.map((event) => eventInfo(line.receiver, event)),
  })
  return reply
}

/** The inbox's result for all events, in one word. */
export function outcomeOf(taken: readonly Taken[]): 'accepted' | 'duplicate' | 'unhandled' {
  if (taken.length === 0) return 'unhandled'
  return taken.every((one) => one === 'duplicate') ? 'duplicate' : 'accepted'
}

/** The reply to a delivery that was taken: the provider's, the user's answer, or the acknowledgement. */
export function reply(
  line: LineHost,
  delivery: Delivery,
  exchange: Exchange,
  identified: Identified,
  taken: readonly Taken[],
): MaybePromise<Reply> {
  if (taken.includes('refused')) throw new WebhookError('replayed', { problem: 'guarded' })
  tellTaken(line, exchange, identified.intake.items, taken)
  if (taken.includes('busy'))
    throw new WebhookError('in_progress', { problem: 'in_progress' }, { retryAfter: 5 })
  const answering = line.answers.any() && answer(line, exchange, identified)
  if (answering) return answering
  if (!line.provider.reply) return line.ack
  return (
    line.provider.reply({ kind: outcomeOf(taken), events: identified.events }, delivery) ?? line.ack
  )
}

/** Tells observers the outcome of each event. */
export function tellTaken(
  line: LineHost,
  exchange: Exchange,
  items: readonly IntakeItem[],
  taken: readonly Taken[],
): void {
  const { observer, receiver } = line
  if (!observer.accepted && !observer.duplicate && !line.conflicts()) return
  items.forEach(({ event, tasks }, at) => {
    const info = eventInfo(receiver, event)
    if (taken[at] === 'new') observer.accepted?.(info, tasks.length, exchange.info)
    else {
      observer.duplicate?.(info, taken[at] === 'revived', exchange.info)
      line.conflicts()?.look(event, () => observer.conflict?.(info, exchange.info))
    }
  })
}

/** The answer to the first event for which one is registered. */
function answer(
  line: LineHost,
  exchange: Exchange,
  { events, intake }: Identified,
): MaybePromise<Reply> | undefined {
  for (const event of events) {
    const found = line.answers.match(event.topic, event.aliases)
    if (!found) continue
    return answerReply(
      found,
      toEvent(line.receiver, event, intake.delivery, event.payload),
      line.provider.refusal,
      (error) =>
        line.observer.answerFailed?.(eventInfo(line.receiver, event), error, exchange.info),
    )
  }
  return undefined
}

/** A challenge was answered. */
export function greeted(line: LineHost, exchange: Exchange, greeting: Reply): Reply {
  line.observer.handshake?.(exchange.info)
  return answered(line, exchange, greeting, { outcome: 'handshake', events: [] })
}
