import type { Stripe } from 'stripe'
import type { Installed } from '../common/absent.ts'

/**
 * Topics of Stripe with their payloads, from the optional peer dependency `stripe`: snapshot events (`invoice.paid`)
 * and thin ones (`v1.invoice.paid`, `v2.core.…`). Thin events have the form of the JSON: without the SDK's methods, and
 * with `context` as a string.
 *
 * @example
 * const receiver = createReceiver({ provider: stripe<StripeEvents>({ secret }) })
 * receiver.on('invoice.paid', (event) => console.log(event.payload.data.object.amount_paid))
 */
export type StripeEvents = Installed<keyof Stripe, 'stripe', Events>

type Sent = Stripe.Event | Stripe.V2.Core.EventNotification
type Events = {
  [E in Sent as E['type']]: E extends Stripe.Event
    ? E
    : Omit<E, 'fetchEvent' | 'fetchRelatedObject' | 'context'> & { context?: string | null }
}
