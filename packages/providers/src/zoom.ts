import {
  jsonReply,
  WebhookError,
  type EventMap,
  type Reply,
  type SecretOption,
} from '@postern/core'
import {
  defineProvider,
  hmac,
  hmacDigest,
  stringifyJson,
  type ParsedBody,
  type Provider,
  type Verified,
} from '@postern/core/scheme'
import { HOUR } from './common/entry.ts'
import { field, needed, text } from './common/read.ts'

/** Options of {@link zoom}. */
export interface ZoomOptions {
  /** The app's Secret Token, not its older verification token. */
  readonly secretToken: SecretOption
  /** Seconds the signed time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
}

export const RETRY_SPAN: number = 2 * HOUR

/**
 * Zoom. HMAC-SHA256 over `v0:time:body`. Topic is `event` (`meeting.started`); there is no id. The signed
 * `endpoint.url_validation`, which comes at saving and every 72 hours, is answered. Zoom wants its 2xx within 3 s and
 * retries after 5, 20 and 60 minutes.
 * https://developers.zoom.us/docs/api/webhooks/
 */
export function zoom<Events extends EventMap = EventMap>(options: ZoomOptions): Provider<Events> {
  return defineProvider<Events, Uint8Array>({
    name: 'zoom',
    auth: {
      scheme: hmac({
        header: 'X-Zm-Signature',
        prefix: 'v0=',
        timestampHeader: 'X-Zm-Request-Timestamp',
        tolerance: options.tolerance,
        message: (delivery, time) => [`v0:${time}:`, delivery.body],
      }),
      secret: options.secretToken,
      option: 'secretToken',
    },
    retrySpan: RETRY_SPAN,
    handshake,
    events: (_delivery, { value }) => [{ topic: needed(value, 'event'), payload: value }],
    compose: ({ topic = 'meeting.started', at = Date.now(), payload }) => ({
      body: stringifyJson({ event: topic, event_ts: at, payload: {}, ...(payload as object) }),
    }),
  })
}

function handshake(_: unknown, { value }: ParsedBody, { key }: Verified): Reply | undefined {
  if (field(value, 'event') !== 'endpoint.url_validation') return undefined
  const plainToken = text(field(value, 'payload'), 'plainToken') ?? ''
  // The key of events signs it: a text with a colon could be the one an event is signed by.
  if (!/^[\w-]{1,128}$/.test(plainToken))
    throw new WebhookError('handshake_refused', 'plainToken is not letters and digits')
  const encryptedToken = hmacDigest('sha256', 'hex', key as Uint8Array, plainToken)
  return jsonReply({ plainToken, encryptedToken })
}
