import type { SecretOption } from '@postern/core'
import { token, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { member } from './common/read.ts'
import { httpAuth, type HttpAuthOptions, oneSecret } from './schemes/http-auth.ts'
import { sampleJson } from './common/paths.ts'

/** Options of {@link datadog}: the `secret` in a custom header, the `credentials` in the URL, or an OAuth2 `token`. */
export interface DatadogOptions extends HttpAuthOptions {
  /** The value of the custom header that authenticates the webhook. */
  readonly secret?: SecretOption
  /** Name of the custom header with `secret`. @default 'X-Webhook-Secret' */
  readonly header?: string
  /**
   * Name of the payload's member for the topic. Your payload template sets it to `$EVENT_TYPE` or `$ALERT_TRANSITION`.
   * @default 'event_type'
   */
  readonly topicField?: string
  /** Name of the payload's member for the id. Your payload template sets it to `$ID`. @default 'id' */
  readonly idField?: string
}

/**
 * Datadog monitors. Datadog does not sign: a custom header, Basic credentials or OAuth2 authenticates a delivery, and
 * only TLS protects the body. Your template decides whether the body is JSON or a form. The topic and the id are the
 * members that `topicField` and `idField` name. If the body has no such topic, the topic is the value of
 * `alert_transition`; without one, the text `event`. Datadog retries up to five times after a 5xx or a timeout.
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
    scheme: 'token in a custom header, Basic or Bearer; nothing is signed',
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
  events(delivery, { kind, value }, { topicField = 'event_type', idField = 'id' }) {
    // A template may write the id as a number above 2^53, so the body is parsed with exact integers.
    const exact = kind === 'json' ? delivery.json('exact') : value
    const topic = member(exact, topicField) ?? member(exact, 'alert_transition') ?? 'event'
    return [{ id: member(exact, idField), topic, payload: value }]
  },
  compose: ({ topic = 'query_alert_monitor', id = '7515439124875093421', payload }) => ({
    body: sampleJson({ id, event_type: topic }, payload),
  }),
})
