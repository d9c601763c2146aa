import { azureEventGrid } from '../azure-event-grid.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Azure Event Grid in the catalogue. */
export const azureEventGridEntry: CatalogueEntry = {
  name: 'azure-event-grid',
  title: 'Azure Event Grid',
  docs: 'https://learn.microsoft.com/en-us/azure/event-grid/end-point-validation-event-grid-events-schema',
  create: azureEventGrid,
  secretOption: 'secret',
  options: {
    secret: 'The secret in the URL or in a delivery property.',
    queryKey: "Name of the query parameter that holds it. Default 'code'.",
    header: 'Name of the header that holds it, in place of the query parameter.',
  },
  topics: ['Microsoft.Storage.BlobCreated', 'Microsoft.Resources.ResourceWriteSuccess'],
  handshakes: ['SubscriptionValidation', 'OPTIONS WebHook-Request-Origin'],
  contentTypes: [JSON_TYPE, 'application/cloudevents+json', 'application/cloudevents-batch+json'],
  retrySpan: DAY,
  canSign: true,
}
