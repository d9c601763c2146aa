import { sendgrid } from '../sendgrid.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** SendGrid's Event Webhook in the catalogue. */
export const sendgridEntry: CatalogueEntry = {
  name: 'sendgrid',
  title: 'SendGrid Event Webhook',
  docs: 'https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features',
  create: sendgrid,
  secretOption: 'publicKey',
  options: {
    publicKey: "The verification key of the webhook's settings.",
    tolerance: 'Seconds the signed time may be away from now. Default 86400.',
  },
  topics: ['processed', 'delivered', 'bounce', 'dropped', 'open', 'click', 'spamreport'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: DAY,
  canSign: true,
}
