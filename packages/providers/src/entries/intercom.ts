import { intercom } from '../intercom.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Intercom in the catalogue. */
export const intercomEntry: CatalogueEntry = {
  name: 'intercom',
  title: 'Intercom',
  docs: 'https://developers.intercom.com/docs/webhooks',
  create: intercom,
  secretOption: 'clientSecret',
  options: { clientSecret: 'Client secret of the app.' },
  topics: ['conversation.user.created', 'contact.user.created', 'ticket.created', 'ping'],
  handshakes: ['HEAD'],
  contentTypes: [JSON_TYPE],
  retrySpan: 60_000,
  canSign: true,
}
