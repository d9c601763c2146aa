import { sendgridInboundParse } from '../sendgrid-inbound-parse.ts'
import { DAY, type CatalogueEntry } from '../common/entry.ts'

/** SendGrid's Inbound Parse in the catalogue. */
export const sendgridInboundParseEntry: CatalogueEntry = {
  name: 'sendgrid-inbound-parse',
  title: 'SendGrid Inbound Parse',
  docs: 'https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/securing-your-parse-webhooks',
  create: sendgridInboundParse,
  secretOption: 'publicKey',
  options: {
    publicKey: 'The public key of the security policy.',
    unauthenticated: 'true: takes mail without any signature.',
    tolerance: 'Seconds the signed time may be away from now. Default 259200.',
  },
  topics: ['mail'],
  handshakes: [],
  contentTypes: ['multipart/form-data'],
  retrySpan: 3 * DAY,
  canSign: true,
}
