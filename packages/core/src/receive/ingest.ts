import { parseBody, readsXml } from '../body/formats.ts'
import { loadXml } from '../body/xml/xml.ts'
import type { DeliveryInit } from '../delivery.ts'
import { toWebhookError, WebhookError } from '../errors.ts'
import type { Accepted } from '../inbox/inbox.ts'
import { Exchange } from './exchange.ts'
import { identify, type ReceiveContext } from './identify.ts'
import { outcomeOf, tellTaken, acceptAll } from './receive.ts'
import { markVerified, ownDelivery } from './http-delivery.ts'

/** An event that a sender's API listed, in the form of the webhook request that the sender would have sent. */
export type IngestInit = Pick<DeliveryInit, 'url' | 'headers' | 'body' | 'method'>

export interface IngestOptions {
  /** The tenant whose secret would have verified the webhook of this event. */
  readonly tenant?: string
  /**
   * Rejects an event without an id with `missing_event_id`. Without an id, no duplicate can be found, so a repeated
   * event would run again. @default false
   */
  readonly needsId?: boolean
  /**
   * The id under which the API listed the event. An event with another id is rejected with `malformed_event`. @default
   * any id is accepted
   */
  readonly id?: string
  /**
   * Set to `cloud` if the event came from a cloud service that only the sender can write to.
   * @default none, since an API listed the event
   */
  readonly verifiedBy?: 'cloud'
}

export interface IngestResult {
  readonly outcome: 'accepted' | 'duplicate' | 'unhandled'
  readonly accepted: readonly Accepted[]
}

/**
 * Accepts events that the sender's API listed, in the steps parse → identify → accept. An event gets the same identity
 * as its webhook, so that duplicates are found. No signature is verified and no reply is made. The journal shows the
 * delivery as unsigned, or as verified by a cloud service.
 *
 * @throws WebhookError with the same codes as `receive`, including `inbox_unavailable`.
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
    // An event with another id is rejected. If it were stored, the genuine webhook with that id would later count as a
    // duplicate.
    if (id !== undefined && identified.events.some((event) => event.id !== id))
      throw new WebhookError('malformed_event', { problem: 'other_id' })
    const taken = await acceptAll(context, identified, {}, exchange.started)
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
