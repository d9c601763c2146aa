import { salesforceOutbound } from '../salesforce-outbound.ts'
import { DAY, type CatalogueEntry } from '../common/entry.ts'

/** Salesforce outbound messages in the catalogue. */
export const salesforceOutboundEntry: CatalogueEntry = {
  name: 'salesforce-outbound',
  title: 'Salesforce outbound messages',
  docs: 'https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging.htm',
  create: salesforceOutbound,
  secretOption: 'organizationId',
  options: { organizationId: 'The id of the organisation that sends, 18 characters.' },
  topics: ['Contact', 'Account', 'Opportunity'],
  handshakes: [],
  contentTypes: ['text/xml'],
  retrySpan: DAY,
  canSign: false,
}
