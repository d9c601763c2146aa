import { square } from '../square.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Square in the catalogue. */
export const squareEntry: CatalogueEntry = {
  name: 'square',
  title: 'Square',
  docs: 'https://developer.squareup.com/docs/webhooks/step3validate',
  create: square,
  secretOption: 'signatureKey',
  options: {
    signatureKey: 'Signature key of the subscription.',
    publicUrl: 'The notification URL as Square has it. Default: the URL of the request.',
  },
  topics: ['payment.updated', 'invoice.published', 'webhooks.test_notification'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 3 * DAY,
  canSign: true,
}
