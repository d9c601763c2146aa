import { adyen } from '../adyen.ts'
import { DAY, FORM_TYPE, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Adyen's standard webhooks in the catalogue. */
export const adyenEntry: CatalogueEntry = {
  name: 'adyen',
  title: 'Adyen (payments)',
  docs: 'https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures',
  create: adyen,
  secretOption: 'hmacKey',
  options: { hmacKey: 'HMAC key of the webhook, in hex.' },
  topics: ['AUTHORISATION', 'CAPTURE', 'REFUND', 'CANCELLATION', 'CHARGEBACK', 'REPORT_AVAILABLE'],
  handshakes: [],
  contentTypes: [JSON_TYPE, FORM_TYPE],
  retrySpan: 30 * DAY,
  canSign: true,
}
