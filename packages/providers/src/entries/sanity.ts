import { sanity } from '../sanity.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Sanity in the catalogue. */
export const sanityEntry: CatalogueEntry = {
  name: 'sanity',
  title: 'Sanity',
  docs: 'https://www.sanity.io/docs/webhooks',
  create: sanity,
  secretOption: 'secret',
  options: {
    secret: 'Secret of the webhook.',
    tolerance: 'Seconds the signed time may be away from now. Default 3600.',
  },
  topics: ['create', 'update', 'delete'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: HOUR / 2,
  canSign: true,
}
