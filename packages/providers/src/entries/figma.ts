import { figma } from '../figma.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Figma in the catalogue. */
export const figmaEntry: CatalogueEntry = {
  name: 'figma',
  title: 'Figma',
  docs: 'https://developers.figma.com/docs/rest-api/webhooks-security/',
  create: figma,
  secretOption: 'passcode',
  options: { passcode: 'Passcode of the webhook.' },
  topics: ['PING', 'FILE_UPDATE', 'FILE_VERSION_UPDATE', 'FILE_COMMENT', 'LIBRARY_PUBLISH'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 4 * HOUR,
  canSign: true,
}
