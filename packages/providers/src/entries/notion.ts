import { notion } from '../notion.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Notion in the catalogue. */
export const notionEntry: CatalogueEntry = {
  name: 'notion',
  title: 'Notion',
  docs: 'https://developers.notion.com/reference/webhooks',
  create: notion,
  secretOption: 'verificationToken',
  options: {
    verificationToken: 'Verification token of the subscription.',
    onSecret: 'Told the token of a new subscription.',
  },
  topics: ['page.created', 'page.content_updated', 'page.deleted', 'comment.created'],
  handshakes: ['verification_token'],
  contentTypes: [JSON_TYPE],
  retrySpan: 25 * HOUR,
  canSign: true,
}
