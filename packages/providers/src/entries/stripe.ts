import { stripe } from '../stripe.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Stripe in the catalogue. */
export const stripeEntry: CatalogueEntry = {
  name: 'stripe',
  title: 'Stripe',
  docs: 'https://docs.stripe.com/webhooks/signature',
  create: stripe,
  secretOption: 'secret',
  options: {
    secret: "The endpoint's signing secret, whsec_…",
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  topics: ['payment_intent.succeeded', 'invoice.paid', 'v2.core.account.created'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 3 * DAY,
  canSign: true,
}
