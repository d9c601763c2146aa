import type { Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { alertEvents, composeAlert } from './schemes/alerts.ts'
import { httpAuth, type HttpAuthOptions, oneSecret } from './schemes/http-auth.ts'

/** Options of {@link alertmanager}: `http_config` of the receiver, as `authorization` or `basic_auth`. */
export type AlertmanagerOptions = HttpAuthOptions

/**
 * Prometheus Alertmanager. It does not sign: it authenticates by `http_config`, and the body is as safe as TLS. A delivery
 * is a group of alerts, each an event of its own: topic `firing` or `resolved` with the receiver's name, id
 * `fingerprint:startsAt:status`, payload the group with that one alert. A group that still fires is sent again each
 * `repeat_interval`, with the same ids: such repeats run nothing while the inbox remembers them. Alertmanager tries again
 * after a 5xx until the group's next notification, and never after a 4xx.
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
