import { RETRY_SPAN, trello } from '../trello.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Trello in the catalogue. */
export const trelloEntry: CatalogueEntry = {
  name: 'trello',
  title: 'Trello',
  docs: 'https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/',
  create: trello,
  secretOption: 'secret',
  options: {
    secret: "The application's (OAuth) secret.",
    publicUrl: 'The callback URL as it was registered. Default: the URL of the request.',
  },
  topics: ['updateCard', 'createCard', 'commentCard', 'addMemberToCard'],
  handshakes: ['HEAD at creation'],
  contentTypes: [JSON_TYPE],
  retrySpan: RETRY_SPAN,
  canSign: true,
}
