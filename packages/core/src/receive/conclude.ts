import type { Delivery } from '../delivery.ts'
import { WebhookError } from '../errors.ts'
import { toEvent } from '../event.ts'
import type { IntakeItem, Accepted } from '../inbox/inbox.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import { eventInfo } from '../observe/infos.ts'
import { answerReply } from './reply/answer.ts'
import { Exchange, type Conclusion } from './exchange.ts'
import type { Identified, ReceiveContext } from './identify.ts'
import { problem, type Reply } from './reply/reply.ts'

/** Rejects a delivery: the reason to the observers, its code to the sender. Adapters call it for what they reject. */
export function reject(
  context: ReceiveContext,
  delivery: Pick<Delivery, 'method' | 'url' | 'body'> & Partial<Delivery>,
  error: WebhookError,
  exchange: Exchange = new Exchange(context, delivery, context.now(), context.monotonic()),
): Reply {
  context.observer.rejected?.(exchange.info, error)
  context.explainer?.(exchange, delivery, error)
  const reply = rejectionReply(context, delivery, error)
  return conclude(context, exchange, reply, { outcome: 'rejected', error, delivery, events: [] })
}

function rejectionReply(
  context: ReceiveContext,
  delivery: Pick<Delivery, 'method' | 'url' | 'body'> & Partial<Delivery>,
  error: WebhookError,
): Reply {
  try {
    // A method that the sender does not use is not the sender's: it reads no reply of its own form.
    const own =
      'header' in delivery && error.code !== 'method_not_allowed'
        ? context.provider.reply?.({ kind: 'rejected', error }, delivery as Delivery)
        : undefined
    return own ?? problem(error)
  } catch {
    // A provider's `reply` to a rejection may read the body that was rejected.
    return problem(error)
  }
}

/** Tells the journal and the observers of the reply, and returns it. */
export function conclude(
  context: ReceiveContext,
  exchange: Exchange,
  reply: Reply,
  what: Conclusion,
): Reply {
  const { observer, recorder, silence } = context
  if (what.outcome !== 'rejected' && exchange.verified) silence.heard(exchange.at)
  if (!recorder && !observer.replied) return reply
  const took = context.monotonic() - exchange.started
  recorder?.answered(exchange, reply, took, what)
  observer.replied?.(exchange.info, {
    outcome: what.outcome,
    status: reply.status,
    took,
    ...(what.error && { code: what.error.code }),
    events: what.events.map((event) => eventInfo(context.receiver, event)),
  })
  return reply
}

/** The inbox's result for all events, in one word. */
export function outcomeOf(taken: readonly Accepted[]): 'accepted' | 'duplicate' | 'unhandled' {
  if (taken.length === 0) return 'unhandled'
  return taken.every((one) => one === 'duplicate') ? 'duplicate' : 'accepted'
}

/** The reply to a delivery that was taken: the provider's, the user's answer, or the acknowledgement. */
export function reply(
  context: ReceiveContext,
  delivery: Delivery,
  exchange: Exchange,
  identified: Identified,
  taken: readonly Accepted[],
): MaybePromise<Reply> {
  if (taken.includes('rejected')) throw new WebhookError('replay_detected', { problem: 'guarded' })
  tellTaken(context, exchange, identified.intake.items, taken)
  if (taken.includes('busy'))
    throw new WebhookError('in_progress', { problem: 'in_progress' }, { retryAfter: 5 })
  const answering = context.answers.any() && answer(context, exchange, identified)
  if (answering) return answering
  if (!context.provider.reply) return context.ack
  return (
    context.provider.reply({ kind: outcomeOf(taken), events: identified.events }, delivery) ??
    context.ack
  )
}

/** Tells observers the outcome of each event. */
export function tellTaken(
  context: ReceiveContext,
  exchange: Exchange,
  items: readonly IntakeItem[],
  taken: readonly Accepted[],
): void {
  const { observer, receiver } = context
  if (!observer.accepted && !observer.duplicate && !context.conflicts()) return
  items.forEach(({ event, tasks }, at) => {
    const info = eventInfo(receiver, event)
    if (taken[at] === 'new') observer.accepted?.(info, tasks.length, exchange.info)
    else {
      observer.duplicate?.(info, taken[at] === 'revived', exchange.info)
      context.conflicts()?.look(event, () => observer.idConflict?.(info, exchange.info))
    }
  })
}

/** The answer to the first event for which one is registered. */
function answer(
  context: ReceiveContext,
  exchange: Exchange,
  { events, intake }: Identified,
): MaybePromise<Reply> | undefined {
  for (const event of events) {
    const found = context.answers.match(event.topic, event.aliases)
    if (!found) continue
    return answerReply(
      found,
      toEvent(context.receiver, event, intake.delivery, event.payload),
      context.provider.rejection,
      (error) =>
        context.observer.answerFailed?.(eventInfo(context.receiver, event), error, exchange.info),
    )
  }
  return undefined
}

/** Concludes a delivery that was a challenge. */
export function concludeHandshake(
  context: ReceiveContext,
  exchange: Exchange,
  greeting: Reply,
): Reply {
  context.observer.handshake?.(exchange.info)
  return conclude(context, exchange, greeting, { outcome: 'handshake', events: [] })
}
