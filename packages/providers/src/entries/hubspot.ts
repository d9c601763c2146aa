import { hubspot } from '../hubspot.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** HubSpot in the catalogue. */
export const hubspotEntry: CatalogueEntry = {
  name: 'hubspot',
  title: 'HubSpot',
  docs: 'https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation',
  create: hubspot,
  secretOption: 'clientSecret',
  options: {
    clientSecret: 'Client secret of the app.',
    publicUrl: 'The URL as HubSpot calls it. Default: the URL of the request.',
    tolerance: 'Seconds a signed time (v3) may be away from now. Default 300.',
    versions: 'The versions of the signature to take. Default v1, v2 and v3.',
  },
  topics: ['contact.creation', 'contact.propertyChange', 'deal.creation', 'object.creation'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: DAY,
  canSign: true,
}
