import { parseBody } from '../body/formats.ts'
import { loadXml, readsXml } from '../body/xml/xml.ts'
import type { DeliveryInit } from '../delivery.ts'
import { toWebhookError, WebhookError } from '../errors.ts'
import type { Accepted } from '../inbox/inbox.ts'
import { Exchange } from './exchange.ts'
import { identify, type ReceiveContext } from './identify.ts'
import { outcomeOf, tellTaken, acceptAll } from './receive.ts'
import { markVerified, ownDelivery } from './http-delivery.ts'

/** A delivery that a sender's API listed, as its webhook would have been. */
export type IngestInit = Pick<DeliveryInit, 'url' | 'headers' | 'body' | 'method'>

/** Options of `receiver.ingest`. */
export interface IngestOptions {
  /** The tenant that the webhook would have had: the one whose secret verifies it. */
  readonly tenant?: string
  /**
   * Rejects (`missing_event_id`) an event without an id of its sender, which no inbox would know again: for events that may have
   * been handled. @default false
   */
  readonly needsId?: boolean
  /** The id that the API listed it under. Rejects (`malformed_event`) an event that identifies as another one. @default any */
  readonly id?: string
  /** A cloud has delivered it that lets only the sender in, such as an event bus: the journal says so. @default an API listed it */
  readonly verifiedBy?: 'cloud'
}

/** The outcome of `ingest`. */
export interface IngestResult {
  readonly outcome: 'accepted' | 'duplicate' | 'unhandled'
  /** One entry for each event. */
  readonly accepted: readonly Accepted[]
}

/**
 * Accepts events that the sender's API listed: parse → identify → accept. They get the identity that the webhook would
 * have had, so that duplicates are found. Nothing is verified, greeted or answered; the journal marks them as unsigned, or as
 * verified by a cloud.
 *
 * @throws WebhookError as `receive` would answer it, `inbox_unavailable` among them.
 */
export async function ingest(
  context: ReceiveContext,
  given: IngestInit,
  { tenant, needsId = false, id, verifiedBy }: IngestOptions,
): Promise<IngestResult> {
  const delivery = ownDelivery(given, context.limits, context.provider)
  const exchange = new Exchange(context, delivery, context.now(), context.monotonic())
  markVerified(delivery)
  if (readsXml(context.provider)) await loadXml()
  try {
    const body = await parseBody(delivery, context.exact)
    const identified = identify(
      context,
      delivery,
      body,
      tenant === undefined ? {} : { tenant },
      exchange,
    )
    if (needsId && identified.intake.items.some(({ event }) => event.id === undefined))
      throw new WebhookError('missing_event_id', { problem: 'no_id' })
    // Else the genuine webhook of that other event would be a duplicate.
    if (id !== undefined && identified.events.some((event) => event.id !== id))
      throw new WebhookError('malformed_event', { problem: 'other_id' })
    const taken = await acceptAll(context, identified, {})
    if (taken.includes('rejected'))
      throw new WebhookError('replay_detected', { problem: 'guarded' })
    tellTaken(context, exchange, identified.intake.items, taken)
    const outcome = outcomeOf(taken)
    context.recorder?.took(exchange, outcome, identified.events, verifiedBy)
    return { outcome, accepted: taken }
  } catch (error) {
    throw toWebhookError(error)
  }
}
