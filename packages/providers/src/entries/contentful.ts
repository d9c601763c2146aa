import { contentful } from '../contentful.ts'
import { FORM_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Contentful in the catalogue. */
export const contentfulEntry: CatalogueEntry = {
  name: 'contentful',
  title: 'Contentful',
  docs: 'https://www.contentful.com/developers/docs/webhooks/request-verification/',
  create: contentful,
  secretOption: 'secret',
  options: {
    secret: 'Request verification secret of the space.',
    publicUrl: 'The URL as Contentful calls it. Default: the URL of the request.',
    tolerance: 'Seconds from which on the signed time is too far from now. Default 30.',
  },
  topics: ['ContentManagement.Entry.publish', 'ContentManagement.Asset.create'],
  handshakes: [],
  contentTypes: ['application/vnd.contentful.management.v1+json', 'application/json', FORM_TYPE],
  retrySpan: 120_000,
  canSign: true,
}
