import type { Delivery, SecretOption } from '@postern/core'
import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { token, type EventDraft, type Factory, type ParsedBody } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { member } from './common/read.ts'
import { httpAuth, type HttpAuthOptions, oneSecret } from './schemes/http-auth.ts'

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
export const datadog: Factory<DatadogOptions> = /* @__PURE__ */ provider({
  name: 'datadog',
  title: 'Datadog',
  docs: 'https://docs.datadoghq.com/integrations/webhooks/',
  setup: {
    steps: ['Integrations', 'Webhooks'],
    call: 'POST /api/v1/integration/webhooks/configuration/webhooks',
    secret: 'the value that you give a custom header',
    docs: 'https://github.com/DataDog/Miscellany/tree/master/webhooks',
  },
  topics: ['query_alert_monitor', 'event'],
  facts: {
    scheme: 'token of a header or Basic; nothing is signed',
    place: { header: 'Authorization' },
    checked: '2026-11-28',
    delivers: { within: 15_000, after4xx: 'dropped', ok: '2xx' },
  },
  options: {
    secret: 'Value of the custom header.',
    header: 'Name of the custom header. Default X-Webhook-Secret.',
    topicField: 'Member of the payload that is the topic. Default event_type.',
    idField: 'Member of the payload that is the id. Default id.',
    token: 'Token of Authorization: Bearer (OAuth2).',
    credentials: 'user:password of the URL.',
    unauthenticated: 'Accepts deliveries from anybody. Default false.',
  },
  formats: ['json', 'form'],
  covers: { body: 'none' },
  secretOf: (options) => oneSecret('datadog', options, ['secret', 'token', 'credentials']),
  scheme: (options) =>
    options.secret === undefined
      ? httpAuth(options)
      : token({ header: options.header ?? 'X-Webhook-Secret' }),
  events,
  compose: ({ topic = 'query_alert_monitor', id = '7515439124875093421', payload }) => ({
    body: stringifyJson(mergeDeep({ id, event_type: topic }, payload)),
  }),
})

function events(
  delivery: Delivery,
  { kind, value }: ParsedBody,
  { topicField = 'event_type', idField = 'id' }: DatadogOptions,
): readonly EventDraft[] {
  // A template may put the number without quotes, and it is beyond 2^53.
  const exact = kind === 'json' ? delivery.json('exact') : value
  const topic = member(exact, topicField) ?? member(exact, 'alert_transition') ?? 'event'
  return [{ id: member(exact, idField), topic, payload: value }]
}
