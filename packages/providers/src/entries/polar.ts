import { FAMILY_OPTIONS } from '../schemes/standard-family.ts'
import { polar } from '../polar.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Polar in the catalogue. */
export const polarEntry: CatalogueEntry = {
  name: 'polar',
  title: 'Polar',
  docs: 'https://polar.sh/docs/integrate/webhooks/delivery',
  create: polar,
  secretOption: 'secret',
  options: { secret: 'Secret of the endpoint, whole.', ...FAMILY_OPTIONS },
  topics: ['order.paid', 'order.refunded', 'subscription.active', 'customer.state_changed'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 76 * HOUR,
  canSign: true,
}
