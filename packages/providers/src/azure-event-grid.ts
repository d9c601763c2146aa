import {
  jsonReply,
  type Delivery,
  type EventMap,
  type Reply,
  type SecretOption,
} from '@postern/core'
import {
  defineProvider,
  stringifyJson,
  token,
  type ParsedBody,
  type Provider,
} from '@postern/core/scheme'
import { consent } from './schemes/abuse-protection.ts'
import { DAY } from './common/entry.ts'
import { field, needed, text } from './common/read.ts'

/** Options of {@link azureEventGrid}. */
export interface AzureEventGridOptions {
  /** The secret that was put into the endpoint's URL, or into a delivery property. */
  readonly secret: SecretOption
  /** Name of the query parameter that holds it. @default 'code' */
  readonly queryKey?: string
  /** Name of the header that holds it, where it is a delivery property: it stays out of access logs. */
  readonly header?: string
}

const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent'

/**
 * Azure Event Grid, in its own schema and in that of CloudEvents. Nothing is signed: a secret in the URL or in a header is
 * all there is. A delivery is a batch: topic is `eventType` (or `type`), id is `id`. The validation of a subscription is
 * answered once the secret is right, for CloudEvents by OPTIONS. Event Grid wants its 200 within 30 s and retries for 24
 * hours; 400 and 413 are final.
 * https://learn.microsoft.com/en-us/azure/event-grid/end-point-validation-event-grid-events-schema
 */
export function azureEventGrid<Events extends EventMap = EventMap>(
  options: AzureEventGridOptions,
): Provider<Events> {
  const { queryKey = 'code', header } = options
  return defineProvider<Events, string>({
    name: 'azure-event-grid',
    methods: ['POST', 'OPTIONS'],
    auth: {
      scheme: token(header === undefined ? { query: queryKey } : { header }),
      secret: options.secret,
    },
    retrySpan: DAY,
    failsOnRedirect: true,
    handshake,
    events: (_delivery, { value }) =>
      [value].flat().map((event) => ({
        id: needed(event, 'id'),
        topic: text(event, 'eventType') ?? needed(event, 'type'),
        payload: event,
      })),
    compose: ({ topic = 'Microsoft.Storage.BlobCreated', id = crypto.randomUUID(), payload }) => ({
      headers: { 'aeg-event-type': 'Notification' },
      body: stringifyJson([{ id, eventType: topic, subject: '', data: payload ?? {} }]),
    }),
  })
}

function handshake(delivery: Delivery, { value }: ParsedBody): Reply | undefined {
  if (delivery.method === 'OPTIONS') return consent(delivery, ['eventgrid.azure.net'])
  const [first] = [value].flat()
  if (field(first, 'eventType') !== VALIDATION) return undefined
  return jsonReply({ validationResponse: needed(field(first, 'data'), 'validationCode') })
}
