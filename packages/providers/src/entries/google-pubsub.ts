import { googlePubsub, type GooglePubsubOptions } from '../google-pubsub.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Google Cloud Pub/Sub in the catalogue. */
export const googlePubsubEntry: CatalogueEntry = {
  name: 'google-pubsub',
  title: 'Google Cloud Pub/Sub',
  docs: 'https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions',
  create: (options) => googlePubsub(options as GooglePubsubOptions),
  options: {
    email: 'The service account of the push subscription.',
    audience: 'Its audience. Default: the URL of the request.',
    jwks: "Google's keys, in place of fetching them.",
    fetch: 'In place of the global fetch.',
    timeout: 'Milliseconds a fetch may take. Default 5000.',
    tolerance: 'Seconds the clocks may differ. Default 60 ahead, 0 behind.',
  },
  topics: ['projects/my-project/subscriptions/my-subscription'],
  handshakes: [],
  contentTypes: [JSON_TYPE, 'any, unwrapped'],
  retrySpan: 7 * DAY,
  canSign: false,
}
