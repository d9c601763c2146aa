import { receivedRoom, weigh, weighMost } from '../basics/room.ts'
import { checkLabel } from '../body/formats.ts'
import { parseBody } from '../body/parse.ts'
import { loadXml, xmlReady } from '../body/xml/xml.ts'
import { markVerified, type Delivery } from '../delivery.ts'
import { toWebhookError, WebhookError } from '../errors.ts'
import type { Host, Taken } from '../inbox/inbox.ts'
import { isPromise, type MaybePromise } from '../basics/maybe.ts'
import type { Provider } from '../provider/provider.ts'
import type { Admission } from './admit.ts'
import { answered, greeted, outcomeOf, refuse, reply } from './conclude.ts'
import { Exchange } from './exchange.ts'
import { identify, type Identified } from './identify.ts'
import type { LineHost } from './line.ts'
import type { Reply } from './reply/reply.ts'
import type { Writes } from './writes.ts'

/**
 * The line a delivery walks: admit → read (the adapter) → greet → verify → parse → handshake → identify → accept →
 * reply. It answers every request and never throws. A step that has its result at once is not awaited: a
 * promise costs a tick.
 */
export async function receive(line: LineHost, delivery: Delivery, host: Host): Promise<Reply> {
  const { provider, observer } = line
  const exchange = openExchange(line, delivery, host.admission)
  let admission = host.admission
  let held = 0
  try {
    admission ??= line.admit(delivery)
    admission.complete()
    if (delivery.body.byteLength > admission.limit)
      throw admission.tooLarge(delivery.body.byteLength)
    observer.received?.(exchange.info)
    exchange.ended('read')

    if (needsXml(provider) && !xmlReady()) await loadXml()

    if (provider.greet) {
      const greeting = await provider.greet(delivery, line.now)
      exchange.ended('greet')
      if (greeting) return greeted(line, exchange, greeting)
    }

    const verifying = provider.verify(delivery, line.now)
    const verified = (isPromise(verifying) ? await verifying : verifying) ?? {}
    exchange.verified = true
    exchange.ended('verify')

    if (!provider.unauthenticated) {
      markVerified(delivery)
      line.recorder?.verified(delivery, exchange.at)
    }
    if (line.strictLabels) checkLabel(delivery)
    held = roomFor(delivery)
    receivedRoom.take(held)
    const parsing = parseBody(delivery, line.exact)
    const parsed = isPromise(parsing) ? await parsing : parsing
    held = withoutUnused(held, delivery)
    const body = line.exact ? { ...parsed, exact: true } : parsed
    exchange.ended('parse')

    if (provider.handshake) {
      const challenge = await provider.handshake(delivery, body, verified)
      exchange.ended('handshake')
      if (challenge) return greeted(line, exchange, challenge)
    }

    const identified = identify(line, delivery, body, verified, exchange)
    exchange.ended('identify')

    const accepting = acceptAll(line, identified, host)
    const taken = isPromise(accepting) ? await accepting : accepting
    exchange.ended('accept')

    const replying = reply(line, delivery, exchange, identified, taken)
    const replied = isPromise(replying) ? await replying : replying
    exchange.ended('reply')
    return answered(line, exchange, replied, {
      outcome: outcomeOf(taken),
      events: identified.events,
    })
  } catch (error) {
    return refuse(line, delivery, toWebhookError(error), exchange)
  } finally {
    if (held > 0) receivedRoom.give(held)
    admission?.release()
  }
}

function openExchange(
  line: LineHost,
  delivery: Delivery,
  admission: Admission | undefined,
): Exchange {
  return new Exchange(
    line,
    delivery,
    admission?.at ?? line.now(),
    admission?.started ?? line.monotonic(),
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
function withoutUnused(held: number, { content }: Delivery): number {
  const weight = weigh(content)
  receivedRoom.give(held - weight)
  return weight
}

function needsXml({ xml, formats }: Provider): boolean {
  return xml === true || (formats !== undefined && formats.includes('xml'))
}

/** Hands all events of a delivery to the inbox in one call. */
export function acceptAll(
  line: LineHost,
  identified: Identified,
  host: Host,
): MaybePromise<readonly Taken[]> {
  if (identified.intake.items.length === 0) return []
  const { writes } = line
  try {
    const accepting = host.transaction
      ? import('./accept-within.ts').then((loaded) =>
          loaded.acceptWithin(line.port, identified.intake, host),
        )
      : line.port.accept(identified.intake, host)
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
  const refusal = toWebhookError(error, 'inbox_unavailable')
  writes.refused(refusal)
  throw refusal
}
