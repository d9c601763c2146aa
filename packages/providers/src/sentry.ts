import { firstOf, hmac, type Factory } from '@postern/core/scheme'
import { narrowed, text } from './common/read.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

/**
 * Sentry's integration platform. The signature is HMAC-SHA256 over the body, in `Sentry-Hook-Signature`, or in the
 * older `Sentry-App-Signature` if only that header is present. The topic is `Sentry-Hook-Resource` with the body's
 * `action` (`issue.created`; `issue` matches too), and the id is `Request-ID`. Both headers are unsigned, so
 * `covers.topic` is false: an attacker can replay a captured body as another resource. `Sentry-Hook-Timestamp` is also
 * unsigned, so it is not used. Sentry expects a 2xx within a second. After a timeout or a 5xx, Sentry retries a
 * published integration up to three times, five minutes apart, each with a new `Request-ID`. `dedupe: 'digest'`
 * recognizes retries whose bytes are equal. Retries of `issue.resolved` may have other bytes.
 * https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
 */
export const sentry: Factory<PresetOptions<'clientSecret'>> = /* @__PURE__ */ sender({
  name: 'sentry',
  title: 'Sentry',
  docs: 'https://docs.sentry.io/organization/integrations/integration-platform/webhooks/',
  setup: {
    steps: ['Settings', 'Developer Settings', '<integration>', 'Webhook URL'],
    secret: 'the Client Secret of the integration',
    docs: 'https://docs.sentry.io/organization/integrations/integration-platform/',
  },
  notSecret: [
    [/^sntr[a-z]{2}_/, 'a token for the API'],
    [/^https:\/\/\w{1,100}@/, 'the DSN'],
  ],
  topics: ['issue.created', 'issue.resolved', 'error.created', 'event_alert.triggered'],
  checked: '2026-11-28',
  delivers: {
    within: 1_000,
    retries: 900_000,
    after4xx: 'dropped',
    retryId: 'new',
    givesUp: 'unsubscribed after 1000 timeouts within 24 hours',
    ok: '2xx',
    source:
      'https://github.com/getsentry/sentry/blob/master/src/sentry/sentry_apps/tasks/sentry_apps.py',
  },
  claims: 'request-id',
  secret: 'clientSecret',
  topicHeader: 'sentry-hook-resource',
  covers: { body: 'bytes' },
  sign: () =>
    firstOf(hmac({ header: 'Sentry-Hook-Signature' }), hmac({ header: 'Sentry-App-Signature' })),
  events(delivery, { value }) {
    const id = delivery.header('request-id') || undefined
    const resource = delivery.header('sentry-hook-resource') ?? ''
    const action = resource === '' ? undefined : text(value, 'action')
    return [{ id, ...narrowed(resource, action), payload: value }]
  },
  compose({ topic = 'issue.created', id, at = Date.now(), payload }) {
    const [resource = topic, action] = topic.split('.', 2)
    return {
      headers: {
        'request-id': id ?? crypto.randomUUID().replaceAll('-', ''),
        'sentry-hook-resource': resource,
        'sentry-hook-timestamp': String(Math.floor(at / 1000)),
      },
      body: sampleJson({ action }, payload),
    }
  },
})
