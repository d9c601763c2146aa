import { paddle } from '../paddle.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Paddle in the catalogue. */
export const paddleEntry: CatalogueEntry = {
  name: 'paddle',
  title: 'Paddle',
  docs: 'https://developer.paddle.com/webhooks/signature-verification',
  create: paddle,
  secretOption: 'secretKey',
  options: {
    secretKey: 'Secret key of the notification destination, pdl_ntfset_….',
    tolerance: 'Seconds the signed time may be away from now. Default 5.',
  },
  topics: ['transaction.completed', 'subscription.created', 'subscription.canceled'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 3 * DAY,
  canSign: true,
}
