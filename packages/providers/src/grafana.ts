import { type EventMap, type SecretOption } from '@postern/core'
import { defineProvider, hmac, type Provider, type ProviderSpec } from '@postern/core/scheme'
import { alertEvents, composeAlert } from './schemes/alerts.ts'
import { checkOneAuth, httpAuth, type HttpAuthOptions } from './schemes/http-auth.ts'

/** Options of {@link grafana}. Prefer `secret` with `timestampHeader`: it protects the body and its age. */
export interface GrafanaOptions extends HttpAuthOptions {
  /** The HMAC secret of the contact point (Grafana 12 and later). */
  readonly secret?: SecretOption
  /** The header of the signature. @default 'X-Grafana-Alerting-Signature' */
  readonly header?: string
  /** The header of the signed time, if the contact point has one. @default none, so that nothing is dated */
  readonly timestampHeader?: string
  /** Seconds the signed time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
}

/**
 * Grafana alerting. HMAC-SHA256 over the body, or over `<unix seconds>:<body>` where the contact point names a timestamp
 * header; or HTTP authentication alone. A delivery is a group of alerts, each an event of its own: topic `firing` or
 * `resolved` with the contact point's name, id `fingerprint:startsAt:status`, payload the group with that one alert. A
 * group that still fires is sent again with the same ids: such repeats run nothing while the inbox remembers them.
 * https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
 */
export function grafana<Events extends EventMap = EventMap>(
  options: GrafanaOptions,
): Provider<Events> {
  checkOneAuth('grafana', options, ['secret', 'token', 'credentials'])
  return defineProvider<Events, Uint8Array | string>({
    name: 'grafana',
    auth: authOf(options),
    methods: ['POST', 'PUT'],
    events: (_delivery, { value }) => alertEvents(value),
    compose: (draft) => composeAlert(draft, '1'),
  })
}

type Auth = ProviderSpec<EventMap, Uint8Array | string>['auth']

function authOf(options: GrafanaOptions): Auth {
  const { secret, timestampHeader, tolerance } = options
  if (secret === undefined) return httpAuth(options, 'secret') as Auth
  const scheme = hmac({
    header: options.header ?? 'X-Grafana-Alerting-Signature',
    timestampHeader,
    tolerance,
    ...(timestampHeader !== undefined && {
      message: (delivery, timestamp) => [`${timestamp}:`, delivery.body],
    }),
  })
  return { scheme, secret } as Auth
}
