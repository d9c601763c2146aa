import { mailgun } from '../mailgun.ts'
import { FORM_TYPE, HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Mailgun in the catalogue. */
export const mailgunEntry: CatalogueEntry = {
  name: 'mailgun',
  title: 'Mailgun',
  docs: 'https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks',
  create: mailgun,
  secretOption: 'signingKey',
  options: {
    signingKey: 'Webhook signing key of the account.',
    tolerance: 'Seconds the signed time may be away from now. Default 32400.',
  },
  topics: ['delivered', 'failed.permanent', 'failed.temporary', 'opened', 'clicked', 'inbound'],
  handshakes: [],
  contentTypes: [JSON_TYPE, FORM_TYPE, 'multipart/form-data'],
  retrySpan: 8 * HOUR,
  canSign: true,
}
