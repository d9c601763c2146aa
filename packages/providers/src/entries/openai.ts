import { FAMILY_OPTIONS } from '../schemes/standard-family.ts'
import { openai } from '../openai.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** OpenAI in the catalogue. */
export const openaiEntry: CatalogueEntry = {
  name: 'openai',
  title: 'OpenAI',
  docs: 'https://platform.openai.com/docs/guides/webhooks',
  create: openai,
  secretOption: 'secret',
  options: { secret: 'Signing secret of the endpoint, whsec_…', ...FAMILY_OPTIONS },
  topics: ['response.completed', 'response.failed', 'batch.completed', 'realtime.call.incoming'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 72 * HOUR,
  canSign: true,
}
