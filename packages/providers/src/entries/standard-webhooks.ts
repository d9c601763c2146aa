import { standardWebhooks } from '../standard-webhooks.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Standard Webhooks in the catalogue. */
export const standardWebhooksEntry: CatalogueEntry = {
  name: 'standard-webhooks',
  title: 'Standard Webhooks',
  docs: 'https://www.standardwebhooks.com',
  create: standardWebhooks,
  secretOption: 'secret',
  options: {
    secret: 'whsec_… (symmetric) or whpk_… (Ed25519).',
    raw: 'Takes the text of the secret as the key. Default false.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  topics: ['user.created'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 76 * HOUR,
  canSign: true,
}
