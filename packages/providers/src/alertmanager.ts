import type { Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { alertEvents, composeAlert } from './schemes/alerts.ts'
import { httpAuth, type HttpAuthOptions, oneSecret } from './schemes/http-auth.ts'

/**
 * Options of {@link alertmanager}: the credentials in Alertmanager's `http_config`, under `authorization` or
 * `basic_auth`.
 */
export type AlertmanagerOptions = HttpAuthOptions

/**
 * Prometheus Alertmanager. Alertmanager does not sign. The credentials in `http_config` authenticate a delivery, and
 * only TLS protects the body. A delivery is a group of alerts, and each alert is an event. The topic is `firing` or
 * `resolved`, followed by the receiver's name (`firing.webhook`). The id is `fingerprint:startsAt:status`, and the
 * payload is the group with only that alert. While a group still fires, Alertmanager sends the group again at each
 * `repeat_interval`. The repeated alerts have the same ids, so within the dedupe window the inbox drops them as
 * duplicates. After a 5xx, Alertmanager retries until the group's next notification. After a 4xx, Alertmanager does not
 * retry.
 * https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export const alertmanager: Factory<AlertmanagerOptions> = /* @__PURE__ */ provider({
  name: 'alertmanager',
  title: 'Prometheus Alertmanager',
  docs: 'https://prometheus.io/docs/alerting/latest/configuration/#webhook_config',
  setup: {
    place: 'the configuration file: url, in webhook_configs of a receiver',
    secret: 'the credentials that you set for authorization, in http_config',
  },
  topics: ['firing', 'resolved'],
  facts: {
    scheme: 'bearer token or Basic; nothing is signed',
    place: { header: 'Authorization' },
    checked: '2026-11-28',
    delivers: {
      after4xx: 'dropped',
      ok: '2xx',
      source: 'https://github.com/prometheus/alertmanager/blob/main/notify/util.go',
    },
  },
  options: {
    token: 'Token of Authorization: Bearer.',
    credentials: 'user:password of HTTP Basic authentication.',
    unauthenticated: 'Accepts deliveries from anybody. Default false.',
  },
  secret: 'token',
  covers: { body: 'none' },
  secretOf: (options) => oneSecret('alertmanager', options, ['token', 'credentials']),
  scheme: httpAuth,
  events: (_delivery, { value }) => alertEvents(value),
  compose: (draft) => composeAlert(draft, '4'),
})
