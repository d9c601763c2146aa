import { docusign } from '../docusign.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** DocuSign in the catalogue. */
export const docusignEntry: CatalogueEntry = {
  name: 'docusign',
  title: 'DocuSign Connect',
  docs: 'https://developers.docusign.com/platform/webhooks/connect/hmac/',
  create: docusign,
  secretOption: 'hmacKey',
  options: { hmacKey: 'An HMAC key of the account.' },
  topics: ['envelope-completed', 'recipient-signed', 'Completed'],
  handshakes: [],
  contentTypes: [JSON_TYPE, 'text/xml'],
  retrySpan: 15 * DAY,
  canSign: true,
}
