import { x } from '../x.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** X in the catalogue. */
export const xEntry: CatalogueEntry = {
  name: 'x',
  title: 'X (Twitter)',
  docs: 'https://docs.x.com/x-api/webhooks/introduction',
  create: x,
  secretOption: 'consumerSecret',
  options: { consumerSecret: "The app's consumer secret (API secret key)." },
  topics: ['tweet_create_events', 'direct_message_events', 'favorite_events', 'follow_events'],
  handshakes: ['crc_token'],
  contentTypes: [JSON_TYPE],
  retrySpan: DAY,
  canSign: true,
}
