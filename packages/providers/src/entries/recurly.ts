import { recurly } from '../recurly.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Recurly in the catalogue. */
export const recurlyEntry: CatalogueEntry = {
  name: 'recurly',
  title: 'Recurly',
  docs: 'https://docs.recurly.com/docs/signature-verification',
  create: recurly,
  secretOption: 'secretKey',
  options: {
    secretKey: 'Secret key of the endpoint.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  topics: ['account.created', 'subscription.renewed', 'charge_invoice.paid'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 74 * HOUR,
  canSign: true,
}
