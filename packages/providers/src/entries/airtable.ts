import { airtable } from '../airtable.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Airtable in the catalogue. */
export const airtableEntry: CatalogueEntry = {
  name: 'airtable',
  title: 'Airtable',
  docs: 'https://airtable.com/developers/web/api/webhooks-overview',
  create: airtable,
  secretOption: 'macSecretBase64',
  options: { macSecretBase64: 'macSecretBase64 of the call that created the webhook.' },
  topics: ['ping'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  canSign: true,
}
