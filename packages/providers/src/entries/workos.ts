import { workos } from '../workos.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** WorkOS in the catalogue. */
export const workosEntry: CatalogueEntry = {
  name: 'workos',
  title: 'WorkOS',
  docs: 'https://workos.com/docs/events/data-syncing/webhooks',
  create: workos,
  secretOption: 'secret',
  options: {
    secret: 'Secret of the endpoint.',
    tolerance: 'Seconds the signed time may be away from now. Default 180.',
  },
  topics: ['dsync.user.created', 'connection.activated', 'user.created'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  canSign: true,
}
