import { websub } from '../websub.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** WebSub in the catalogue. */
export const websubEntry: CatalogueEntry = {
  name: 'websub',
  title: 'WebSub and YouTube',
  docs: 'https://www.w3.org/TR/websub/',
  create: websub,
  secretOption: 'secret',
  options: {
    secret: 'hub.secret of the subscription.',
    expectedTopic: 'Topic URLs whose verification is answered. Default none.',
    onVerified: 'Hears of each confirmed subscription and its lease.',
    unauthenticated: 'Takes deliveries of subscriptions without a secret. Default false.',
  },
  topics: ['https://www.youtube.com/xml/feeds/videos.xml?channel_id=…', 'entry', 'deleted-entry'],
  handshakes: ['GET hub.challenge of expected topics', 'GET hub.mode=denied'],
  contentTypes: ['application/atom+xml', 'application/rss+xml', JSON_TYPE],
  canSign: true,
}
