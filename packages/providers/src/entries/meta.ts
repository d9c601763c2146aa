import { meta } from '../meta.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Meta in the catalogue. */
export const metaEntry: CatalogueEntry = {
  name: 'meta',
  title: 'Meta',
  docs: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started',
  create: meta,
  secretOption: 'appSecret',
  options: { appSecret: 'The app secret.', verifyToken: 'The verify token of your subscriptions.' },
  topics: [
    'whatsapp_business_account.messages',
    'whatsapp_business_account.statuses',
    'page.message',
    'page.feed',
    'page.leadgen',
    'instagram.comments',
  ],
  handshakes: ['GET hub.challenge'],
  contentTypes: [JSON_TYPE],
  retrySpan: 7 * DAY,
  canSign: true,
}
