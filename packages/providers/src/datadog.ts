import { type Delivery, type EventMap, type SecretOption } from '@postern/core'
import {
  defineProvider,
  stringifyJson,
  token,
  type EventDraft,
  type ParsedBody,
  type Provider,
} from '@postern/core/scheme'
import { checkOneAuth, httpAuth, type HttpAuthOptions } from './schemes/http-auth.ts'
import { isForm, member } from './common/read.ts'

/** Options of {@link datadog}: `secret` in a custom header, `credentials` of the URL, or an OAuth2 `token`. */
export interface DatadogOptions extends HttpAuthOptions {
  /** The value of the custom header that authenticates the webhook. */
  readonly secret?: SecretOption
  /** The name of that header. @default 'X-Webhook-Secret' */
  readonly header?: string
  /** Where your payload template puts `$EVENT_TYPE` or `$ALERT_TRANSITION`. @default 'event_type' */
  readonly topicField?: string
  /** Where your payload template puts `$ID`. @default 'id' */
  readonly idField?: string
}

/**
 * Datadog monitors. They are not signed: a custom header, Basic credentials or OAuth2 authenticates them, and the body is
 * as safe as TLS. The body is your template, JSON or form: topic and id are what it puts in `topicField` and `idField`;
 * a template without a topic gives `alert_transition`, or `event`. Datadog tries up to five times more after a 5xx or a
 * time-out.
 * https://docs.datadoghq.com/integrations/webhooks/
 */
export function datadog<Events extends EventMap = EventMap>(
  options: DatadogOptions,
): Provider<Events> {
  checkOneAuth('datadog', options, ['secret', 'token', 'credentials'])
  const { secret, header = 'X-Webhook-Secret' } = options
  return defineProvider<Events, string>({
    name: 'datadog',
    formats: ['json', 'form'],
    auth:
      secret === undefined ? httpAuth(options, 'secret') : { scheme: token({ header }), secret },
    events: (delivery, body) => events(delivery, body, options),
    compose: ({ topic = 'query_alert_monitor', id = '7515439124875093421', payload }) => ({
      body: stringifyJson({ id, event_type: topic, ...(payload as object) }),
    }),
  })
}

function events(
  delivery: Delivery,
  { value }: ParsedBody,
  { topicField = 'event_type', idField = 'id' }: DatadogOptions,
): readonly EventDraft[] {
  // A template may put the number without quotes, and it is beyond 2^53.
  const exact = isForm(delivery) ? value : delivery.json('exact')
  const topic = member(exact, topicField) ?? member(exact, 'alert_transition') ?? 'event'
  return [{ id: member(exact, idField), topic, payload: value }]
}
