import { postmark } from '../postmark.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Postmark in the catalogue. */
export const postmarkEntry: CatalogueEntry = {
  name: 'postmark',
  title: 'Postmark',
  docs: 'https://postmarkapp.com/developer/webhooks/webhooks-overview',
  create: postmark,
  secretOption: 'credentials',
  options: { credentials: 'user:password of the webhook.' },
  topics: ['Delivery', 'Bounce', 'SpamComplaint', 'Open', 'Click', 'SubscriptionChange', 'Inbound'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 12 * HOUR,
  canSign: true,
}
