import { paypal, type PaypalOptions } from '../paypal.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** PayPal in the catalogue. */
export const paypalEntry: CatalogueEntry = {
  name: 'paypal',
  title: 'PayPal',
  docs: 'https://developer.paypal.com/api/rest/webhooks/rest/',
  create: (options) => paypal(options as PaypalOptions),
  secretOption: 'webhookId',
  options: {
    webhookId: 'The id of the webhook at PayPal.',
    certPem: 'PEM of the certificate, in place of fetching it.',
    ca: 'PEM of more authorities.',
    fetch: 'In place of the global fetch.',
    timeout: 'Milliseconds a fetch may take. Default 5000.',
    tolerance: 'Seconds the signed time may be away from now. Default 259200.',
  },
  topics: ['PAYMENT.CAPTURE.COMPLETED', 'CHECKOUT.ORDER.APPROVED', 'BILLING.SUBSCRIPTION.CREATED'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 3 * DAY,
  canSign: false,
}
