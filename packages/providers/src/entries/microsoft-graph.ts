import { microsoftGraph } from '../microsoft-graph.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Microsoft Graph in the catalogue. */
export const microsoftGraphEntry: CatalogueEntry = {
  name: 'microsoft-graph',
  title: 'Microsoft Graph',
  docs: 'https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks',
  create: microsoftGraph,
  secretOption: 'clientState',
  options: { clientState: 'The clientState subscriptions were made with.' },
  topics: ['#Microsoft.Graph.Message.created', 'subscriptionRemoved', 'missed'],
  handshakes: ['validationToken'],
  contentTypes: [JSON_TYPE],
  retrySpan: 4 * HOUR,
  canSign: true,
}
