import { twilio } from '../twilio.ts'
import { FORM_TYPE, HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Twilio in the catalogue. */
export const twilioEntry: CatalogueEntry = {
  name: 'twilio',
  title: 'Twilio',
  docs: 'https://www.twilio.com/docs/usage/webhooks/webhooks-security',
  create: twilio,
  secretOption: 'authToken',
  options: {
    authToken: "The account's Auth Token.",
    publicUrl:
      'The URL as Twilio has it, or a function of the delivery. Default: the URL of the request.',
    sharedKeys: 'Keys of webhook rules by their id.',
  },
  topics: [
    'received',
    'delivered',
    'ringing',
    'completed',
    'onMessageAdded',
    'com.twilio.messaging.message.delivered',
  ],
  handshakes: [],
  contentTypes: [FORM_TYPE, JSON_TYPE],
  retrySpan: 4 * HOUR,
  canSign: true,
}
