import { dropbox } from '../dropbox.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Dropbox in the catalogue. */
export const dropboxEntry: CatalogueEntry = {
  name: 'dropbox',
  title: 'Dropbox',
  docs: 'https://www.dropbox.com/developers/reference/webhooks',
  create: dropbox,
  secretOption: 'appSecret',
  options: { appSecret: 'The app secret.' },
  topics: ['list_folder'],
  handshakes: ['GET challenge'],
  contentTypes: [JSON_TYPE],
  retrySpan: 600_000,
  canSign: true,
}
