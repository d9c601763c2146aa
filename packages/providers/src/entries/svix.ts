import { svix } from '../svix.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Svix in the catalogue. */
export const svixEntry: CatalogueEntry = {
  name: 'svix',
  title: 'Svix',
  docs: 'https://docs.svix.com/receiving/verifying-payloads/how-manual',
  create: svix,
  secretOption: 'secret',
  options: {
    secret: 'whsec_… (symmetric) or whpk_… (Ed25519).',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  topics: ['user.created'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 28 * HOUR,
  canSign: true,
}
