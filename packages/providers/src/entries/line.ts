import { line } from '../line.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** LINE in the catalogue. */
export const lineEntry: CatalogueEntry = {
  name: 'line',
  title: 'LINE',
  docs: 'https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/',
  create: line,
  secretOption: 'channelSecret',
  options: { channelSecret: 'The channel secret.' },
  topics: ['message.text', 'follow', 'unfollow', 'join', 'postback', 'unsend'],
  handshakes: ['signed delivery without events'],
  contentTypes: [JSON_TYPE],
  canSign: true,
}
