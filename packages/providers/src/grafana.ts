import type { SecretOption } from '@postern/core'
import { hmac, type Factory, type Scheme } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { alertEvents, composeAlert } from './schemes/alerts.ts'
import { httpAuth, type HttpAuthOptions, oneSecret } from './schemes/http-auth.ts'

/** Options of {@link grafana}. Prefer `secret` with `timestampHeader`, which protect the body and its time. */
export interface GrafanaOptions extends HttpAuthOptions {
  /** The HMAC secret of the contact point (Grafana 12 and later). */
  readonly secret?: SecretOption
  /** Name of the header with the signature. @default 'X-Grafana-Alerting-Signature' */
  readonly header?: string
  /** Name of the header with the signed time, if the contact point has one. @default none, so no time is signed */
  readonly timestampHeader?: string
  /** Maximum difference between the signed time and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number
}

/**
 * Grafana alerting. The signature is HMAC-SHA256 over the body, or over `<unix seconds>:<body>` if the contact point
 * names a timestamp header. Grafana can use HTTP authentication instead of a signature. A delivery is a group of
 * alerts, and each alert is an event. The topic is `firing` or `resolved`, followed by the contact point's name
 * (`firing.webhook`). The id is `fingerprint:startsAt:status`, and the payload is the group with only that alert. While
 * a group still fires, Grafana sends the group again. The repeated alerts have the same ids, so within the dedupe
 * window the inbox drops them as duplicates.
 * https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
 */
export const grafana: Factory<GrafanaOptions> = /* @__PURE__ */ provider({
  name: 'grafana',
  title: 'Grafana alerting',
  docs: 'https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/',
  setup: {
    steps: [
      'Alerts & IRM',
      'Alerting',
      'Notification configuration',
      'Contact points',
      '+ Add contact point',
      'Webhook',
    ],
    secret: 'the HMAC secret that you set in the optional settings of the webhook',
  },
  notSecret: [[/^gl(?:sa|c)_/, 'a token for the API']],
  topics: ['firing', 'resolved'],
  facts: {
    scheme: 'HMAC-SHA256 of {body} or {time}:{body}, hex',
    tolerance: 300,
    checked: '2026-11-28',
    delivers: {
      within: 30_000,
      redirect: 'followed',
      ok: '2xx',
      source: 'https://github.com/grafana/alerting/blob/main/http/client.go',
    },
  },
  options: {
    secret: 'HMAC secret of the contact point.',
    header: 'Header of the signature. Default X-Grafana-Alerting-Signature.',
    timestampHeader: 'Header of the signed time, if the contact point has one.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
    token: 'Token of Authorization: Bearer.',
    credentials: 'user:password of HTTP Basic authentication.',
    unauthenticated: 'Accepts deliveries from anybody. Default false.',
  },
  covers: { body: 'bytes', id: true, timestamp: true },
  secretOf: (options) => oneSecret('grafana', options, ['secret', 'token', 'credentials']),
  scheme,
  methods: ['POST', 'PUT'],
  events: (_delivery, { value }) => alertEvents(value),
  compose: (draft) => composeAlert(draft, '1'),
})

function scheme(options: GrafanaOptions): Scheme {
  const { secret, timestampHeader, tolerance } = options
  if (secret === undefined) return httpAuth(options) as Scheme<unknown>
  return hmac({
    header: options.header ?? 'X-Grafana-Alerting-Signature',
    timestampHeader,
    tolerance,
    message: timestampHeader === undefined ? '{body}' : '{time}:{body}',
    ...(timestampHeader === undefined && { covers: { body: 'bytes', timestamp: false } }),
  }) as Scheme<unknown>
}
