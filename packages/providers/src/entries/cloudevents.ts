import { EVENT_TYPE, cloudevents } from '../cloudevents.ts'
import { type CatalogueEntry } from '../common/entry.ts'

/** CloudEvents in the catalogue. */
export const cloudeventsEntry: CatalogueEntry = {
  name: 'cloudevents',
  title: 'CloudEvents',
  docs: 'https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md',
  create: cloudevents,
  secretOption: 'secret',
  options: {
    secret: 'The bearer token of the senders.',
    unauthenticated: 'true: takes events from anybody.',
    allowedOrigins: 'Origins that get consent when they ask by OPTIONS. Default none.',
  },
  topics: ['com.example.someevent'],
  handshakes: ['OPTIONS WebHook-Request-Origin'],
  contentTypes: [EVENT_TYPE, 'application/cloudevents-batch+json', 'any with ce- headers'],
  canSign: true,
}
