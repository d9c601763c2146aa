import { receivedRoom, weigh, weighMost } from '../basics/room.ts'
import { checkLabel, parseBody, readsXml } from '../body/formats.ts'
import { loadXml, xmlReady } from '../body/xml/xml.ts'
import type { Delivery, PartialDelivery } from '../delivery.ts'
import { toWebhookError, WebhookError } from '../errors.ts'
import type { Host, Accepted, IntakeItem } from '../inbox/inbox.ts'
import { isPromise, type MaybePromise } from '../basics/maybe.ts'
import { Exchange, type Conclusion } from './exchange.ts'
import { identify, type Identified, type ReceiveContext } from './identify.ts'
import { type Reply, problem } from './reply/reply.ts'
import type { Writes } from '../observe/last-heard.ts'
import { markVerified } from './http-delivery.ts'
import { toEvent } from '../event.ts'
import { eventInfo } from '../observe/infos.ts'
import { answerReply } from './reply/answer.ts'

/**
 * Runs the steps of a delivery: admit → read (the adapter) → greet → verify → parse → handshake → identify → accept →
 * reply. Returns a reply to every request and never throws. Values that are not promises are not awaited, since each
 * `await` costs time.
 */
export async function receive(
  context: ReceiveContext,
  delivery: Delivery,
  host: Host,
): Promise<Reply> {
  const { provider, observer } = context
  let { admission } = host
  const at = admission?.at ?? context.now()
  const exchange = new Exchange(context, delivery, at, admission?.started ?? context.monotonic())
  let held = 0
  try {
    admission ??= context.admit(delivery)
    admission.complete()
    if (delivery.body.byteLength > admission.limit)
      throw admission.tooLarge(delivery.body.byteLength)
    observer.received?.(exchange.info)
    exchange.stepEnded('read')

    if (readsXml(provider) && !xmlReady()) await loadXml()

    if (provider.greet) {
      const greeting = await provider.greet(delivery, context.now)
      exchange.stepEnded('greet')
      if (greeting) {
        const { keep, ...answer } = greeting
        await keep?.()
        return concludeHandshake(context, exchange, answer)
      }
    }

    const verifying = provider.verify(delivery, context.now)
    const verified = (isPromise(verifying) ? await verifying : verifying) ?? {}
    exchange.verified = true
    exchange.stepEnded('verify')

    if (!provider.unauthenticated) {
      markVerified(delivery)
      context.recorder?.verified(delivery, exchange.at)
    }
    if (context.strictLabels) checkLabel(delivery)
    held = roomFor(delivery)
    receivedRoom.take(held)
    const parsing = parseBody(delivery, context.exact)
    const parsed = isPromise(parsing) ? await parsing : parsing
    held = giveBackUnused(held, delivery)
    const body = context.exact ? { ...parsed, exact: true } : parsed
    exchange.stepEnded('parse')

    if (provider.handshake) {
      const challenge = await provider.handshake(delivery, body, verified)
      exchange.stepEnded('handshake')
      if (challenge) return concludeHandshake(context, exchange, challenge)
    }

    const identified = identify(context, delivery, body, verified, exchange)
    exchange.stepEnded('identify')

    const accepting = acceptAll(context, identified, host, exchange.started)
    const taken = isPromise(accepting) ? await accepting : accepting
    exchange.stepEnded('accept')

    const replying = reply(context, delivery, exchange, identified, taken)
    const replied = isPromise(replying) ? await replying : replying
    exchange.stepEnded('reply')
    return conclude(context, exchange, replied, {
      outcome: outcomeOf(taken),
      events: identified.events,
    })
  } catch (error) {
    return reject(context, delivery, toWebhookError(error), exchange)
  } finally {
    if (held > 0) receivedRoom.give(held)
    admission?.release()
  }
}

/**
 * Returns how many bytes to reserve for the parsed body. If the maximum does not fit, the values in the body are
 * counted, which gives a smaller number. If this number does not fit either, throws `overloaded`.
 */
function roomFor({ content }: Delivery): number {
  const most = weighMost(content)
  if (receivedRoom.fits(most)) return most
  const weight = weigh(content)
  if (receivedRoom.fits(weight)) return weight
  throw new WebhookError('overloaded', { problem: 'memory_full' })
}

/** Gives back the reserved bytes that the parsed body will not need. Returns how many bytes stay reserved. */
function giveBackUnused(held: number, { content }: Delivery): number {
  const weight = weigh(content)
  receivedRoom.give(held - weight)
  return weight
}

export function acceptAll(
  context: ReceiveContext,
  identified: Identified,
  host: Host,
  startedAt: number,
): MaybePromise<readonly Accepted[]> {
  if (identified.intake.items.length === 0) return []
  const { writes } = context
  try {
    const accepting = host.transaction
      ? import('./accept-within.ts').then((loaded) =>
          loaded.acceptWithin(context.port, identified.intake, host),
        )
      : context.port.accept(identified.intake, host)
    if (isPromise(accepting))
      return accepting.then(
        (taken) => (writes.stored(startedAt), taken),
        (error: unknown) => unavailable(writes, error),
      )
    writes.stored(startedAt)
    return accepting
  } catch (error) {
    return unavailable(writes, error)
  }
}

function unavailable(writes: Writes, error: unknown): never {
  const rejection = toWebhookError(error, 'inbox_unavailable')
  writes.rejected(rejection)
  throw rejection
}

/** Rejects a delivery. Observers get the reason; the sender gets only the error code. */
export function reject(
  context: ReceiveContext,
  delivery: PartialDelivery,
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
  delivery: PartialDelivery,
  error: WebhookError,
): Reply {
  try {
    // A request with a wrong method is not from the sender, so the provider's own reply is not used.
    const own =
      'header' in delivery && error.code !== 'method_not_allowed'
        ? context.provider.reply?.({ kind: 'rejected', error }, delivery as Delivery)
        : undefined
    return own ?? problem(error)
  } catch {
    // The provider's `reply` may throw, since it may read the body that was just rejected.
    return problem(error)
  }
}

function conclude(
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

export function outcomeOf(taken: readonly Accepted[]): 'accepted' | 'duplicate' | 'unhandled' {
  if (taken.length === 0) return 'unhandled'
  return taken.every((one) => one === 'duplicate') ? 'duplicate' : 'accepted'
}

/** Returns the reply to an accepted delivery: the app's answer, else the provider's reply, else the default reply. */
function reply(
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
      context.conflicts()?.(event, () => observer.idConflict?.(info, exchange.info))
    }
  })
}

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

function concludeHandshake(context: ReceiveContext, exchange: Exchange, greeting: Reply): Reply {
  context.observer.handshake?.(exchange.info)
  return conclude(context, exchange, greeting, { outcome: 'handshake', events: [] })
}
