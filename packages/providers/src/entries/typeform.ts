import { typeform } from '../typeform.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Typeform in the catalogue. */
export const typeformEntry: CatalogueEntry = {
  name: 'typeform',
  title: 'Typeform',
  docs: 'https://www.typeform.com/developers/webhooks/secure-your-webhooks/',
  create: typeform,
  secretOption: 'secret',
  options: { secret: 'Secret of the webhook.' },
  topics: ['form_response', 'form_response_partial'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 10 * HOUR,
  canSign: true,
}
