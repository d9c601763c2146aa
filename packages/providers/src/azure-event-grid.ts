import { jsonReply, type SecretOption } from '@postern/core'
import { stringifyJson } from '@postern/core/internal'
import { token, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { field, needed, text } from './common/read.ts'
import { consent, CONSENT_HEADERS, checkedChallenge } from './schemes/challenge.ts'

/** Options of {@link azureEventGrid}. */
export interface AzureEventGridOptions {
  /** The secret that you put into the endpoint's URL, or into a delivery property. */
  readonly secret: SecretOption
  /** Name of the query parameter with the secret. @default 'code' */
  readonly queryKey?: string
  /**
   * Name of the header with the secret, if the secret is a delivery property. Access logs show URLs but not headers, so
   * a header is better.
   */
  readonly header?: string
}

const VALIDATION_CODE = /^[\w-]{1,128}$/
const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent'

/**
 * Azure Event Grid, in its own schema and in the CloudEvents schema. Nothing is signed: only a secret in the URL or in
 * a header authenticates a delivery. A delivery is a batch. The topic is `eventType` (or `type`) and the id is `id`. If
 * the secret is right, the receiver answers the validation of a subscription. For CloudEvents, the validation is an
 * OPTIONS request. Event Grid expects a status from 200 to 204 within 30 s and retries for 24 hours, but not after a
 * 400 or 413.
 * https://learn.microsoft.com/en-us/azure/event-grid/end-point-validation-event-grid-events-schema
 */
export const azureEventGrid: Factory<AzureEventGridOptions> = /* @__PURE__ */ provider({
  name: 'azure-event-grid',
  title: 'Azure Event Grid',
  docs: 'https://learn.microsoft.com/en-us/azure/event-grid/end-point-validation-event-grid-events-schema',
  setup: {
    steps: ['<Event Grid Topic>', '+ Event Subscription', 'Web Hook', 'Select an endpoint'],
    url: 'https://portal.azure.com',
    secret: 'a text of your own, in the URL or as a delivery property',
    docs: 'https://learn.microsoft.com/en-us/azure/event-grid/custom-event-quickstart-portal',
  },
  topics: ['Microsoft.Storage.BlobCreated', 'Microsoft.Resources.ResourceWriteSuccess'],
  handshakes: ['SubscriptionValidation', 'OPTIONS WebHook-Request-Origin'],
  facts: {
    scheme: 'secret in the query or a header; nothing is signed',
    checked: '2026-11-26',
    delivers: {
      within: 30_000,
      retries: DAY,
      redirect: 'failure',
      after4xx: 'retried, but 400 and 413 are final',
      ok: '200 to 204',
    },
  },
  options: {
    secret: 'The secret in the URL or in a delivery property.',
    queryKey: "Name of the query parameter that holds it. Default 'code'.",
    header: 'Name of the header that holds it, in place of the query parameter.',
  },
  challenge: VALIDATION_CODE,
  covers: { body: 'none' },
  methods: ['POST', 'OPTIONS'],
  reads: CONSENT_HEADERS,
  scheme: ({ queryKey = 'code', header }) =>
    token(header === undefined ? { query: queryKey } : { header }),
  handshake(delivery, { value }) {
    if (delivery.method === 'OPTIONS') return consent(delivery, ['eventgrid.azure.net'])
    const [first] = [value].flat()
    if (field(first, 'eventType') !== VALIDATION) return undefined
    const code = checkedChallenge(text(field(first, 'data'), 'validationCode'), VALIDATION_CODE)
    return jsonReply({ validationResponse: code })
  },
  events: (_delivery, { value }) =>
    [value].flat().map((event) => ({
      id: needed(event, 'id', 'missing_event_id'),
      topic: text(event, 'eventType') ?? needed(event, 'type'),
      payload: event,
    })),
  compose: ({ topic = 'Microsoft.Storage.BlobCreated', id = crypto.randomUUID(), payload }) => ({
    headers: { 'aeg-event-type': 'Notification' },
    body: stringifyJson([{ id, eventType: topic, subject: '', data: payload ?? {} }]),
  }),
})
