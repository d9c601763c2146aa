import { adcp } from '../adcp.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** AdCP in the catalogue. */
export const adcpEntry: CatalogueEntry = {
  name: 'adcp',
  title: 'AdCP',
  docs: 'https://docs.adcontextprotocol.org/docs/building/implementation/webhooks',
  create: adcp,
  options: {
    jwksUrl: "The https URL of the sender's key set.",
    jwks: "The sender's keys, in place of fetching them.",
    fetch: 'In place of the global fetch.',
    timeout: 'Milliseconds a fetch may take. Default 5000.',
  },
  topics: ['create_media_buy.completed', 'task.completed'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  canSign: false,
}
