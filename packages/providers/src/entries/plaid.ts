import { plaid } from '../plaid.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Plaid in the catalogue. */
export const plaidEntry: CatalogueEntry = {
  name: 'plaid',
  title: 'Plaid',
  docs: 'https://plaid.com/docs/api/webhooks/webhook-verification/',
  create: plaid,
  secretOption: 'secret',
  options: {
    clientId: 'The client id, with which keys are fetched.',
    secret: 'The API secret, with which keys are fetched.',
    environment: "'production' or 'sandbox'. Default 'production'.",
    jwks: 'The verification keys, in place of fetching them.',
    fetch: 'In place of the global fetch.',
    timeout: 'Milliseconds a fetch may take. Default 5000.',
    tolerance: "Seconds the token's iat may be away from now. Default 300.",
  },
  topics: ['TRANSACTIONS.SYNC_UPDATES_AVAILABLE', 'ITEM.ERROR', 'LINK.SESSION_FINISHED'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: DAY,
  canSign: false,
}
