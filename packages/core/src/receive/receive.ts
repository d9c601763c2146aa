import { receivedRoom, weigh, weighMost } from '../basics/room.ts'
import { checkLabel } from '../body/formats.ts'
import { parseBody } from '../body/parse.ts'
import { loadXml, xmlReady } from '../body/xml/xml.ts'
import type { Delivery } from '../delivery.ts'
import { toWebhookError, WebhookError } from '../errors.ts'
import type { Host, Accepted } from '../inbox/inbox.ts'
import { isPromise, type MaybePromise } from '../basics/maybe.ts'
import type { Provider } from '../provider/provider.ts'
import type { Admission } from './admit.ts'
import { conclude, concludeHandshake, outcomeOf, reject, reply } from './conclude.ts'
import { Exchange } from './exchange.ts'
import { identify, type Identified, type ReceiveContext } from './identify.ts'
import type { Reply } from './reply/reply.ts'
import type { Writes } from './writes.ts'
import { markVerified } from './http-delivery.ts'

/**
 * The steps of a delivery: admit → read (the adapter) → greet → verify → parse → handshake → identify → accept →
 * reply. It answers every request and never throws. A step that has its result at once is not awaited: a
 * promise costs a tick.
 */
export async function receive(
  context: ReceiveContext,
  delivery: Delivery,
  host: Host,
): Promise<Reply> {
  const { provider, observer } = context
  const exchange = openExchange(context, delivery, host.admission)
  let admission = host.admission
  let held = 0
  try {
    admission ??= context.admit(delivery)
    admission.complete()
    if (delivery.body.byteLength > admission.limit)
      throw admission.tooLarge(delivery.body.byteLength)
    observer.received?.(exchange.info)
    exchange.stepEnded('read')

    if (needsXml(provider) && !xmlReady()) await loadXml()

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

    const accepting = acceptAll(context, identified, host)
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

function openExchange(
  context: ReceiveContext,
  delivery: Delivery,
  admission: Admission | undefined,
): Exchange {
  return new Exchange(
    context,
    delivery,
    admission?.at ?? context.now(),
    admission?.started ?? context.monotonic(),
  )
}

/** Bytes that the parsed body may take. Its marks are counted only where there is no room for as many as there can be. */
function roomFor({ content }: Delivery): number {
  const most = weighMost(content)
  if (receivedRoom.fits(most)) return most
  const weight = weigh(content)
  if (receivedRoom.fits(weight)) return weight
  throw new WebhookError('overloaded', { problem: 'memory_full' })
}

/** Gives back what was taken too much, once the body is parsed and its weight is known. */
function giveBackUnused(held: number, { content }: Delivery): number {
  const weight = weigh(content)
  receivedRoom.give(held - weight)
  return weight
}

function needsXml({ xml, formats }: Provider): boolean {
  return xml === true || (formats !== undefined && formats.includes('xml'))
}

/** Hands all events of a delivery to the inbox in one call. */
export function acceptAll(
  context: ReceiveContext,
  identified: Identified,
  host: Host,
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
        (taken) => (writes.stored(), taken),
        (error: unknown) => unavailable(writes, error),
      )
    writes.stored()
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
