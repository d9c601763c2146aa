import { razorpay } from '../razorpay.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Razorpay in the catalogue. */
export const razorpayEntry: CatalogueEntry = {
  name: 'razorpay',
  title: 'Razorpay',
  docs: 'https://razorpay.com/docs/webhooks/validate-test/',
  create: razorpay,
  secretOption: 'secret',
  options: { secret: 'Secret of the webhook.' },
  topics: ['payment.captured', 'order.paid', 'refund.processed', 'subscription.charged'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 7 * DAY,
  canSign: true,
}
