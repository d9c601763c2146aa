import { type Delivery, type EventMap, type SecretOption } from '@postern/core'
import {
  defineProvider,
  standardWebhooksId,
  standardWebhooksScheme,
  type EventDraft,
  type ParsedBody,
  type Provider,
  type StandardWebhooksKey,
} from '@postern/core/scheme'
import { composeMessage } from './schemes/messages.ts'
import { HOUR } from './common/entry.ts'
import { text } from './common/read.ts'

/** Options of {@link standardWebhooks}. */
export interface StandardWebhooksOptions {
  /** `whsec_<base64>` for `v1` (HMAC-SHA256), `whpk_<base64>` for `v1a` (Ed25519); both kinds may be in force. */
  readonly secret: SecretOption
  /** Takes the text of the secret as the key, for senders that use the headers with a key that is not base64. @default false */
  readonly raw?: boolean
  /** Seconds the signed time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
}

/**
 * Any sender that keeps to Standard Webhooks 1.0.0: `v1` and `v1a` over `id.time.body`, any of several signatures.
 * Id is `webhook-id`, the same over retries. Topic is `type` of the JSON body, as the specification recommends, or
 * `message` where there is none. The recommended schedule retries for about 76 hours; a redirect is a failure.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardWebhooks<Events extends EventMap = EventMap>(
  options: StandardWebhooksOptions,
): Provider<Events> {
  return defineProvider<Events, StandardWebhooksKey>({
    name: 'standard-webhooks',
    formats: ['json', 'text'],
    auth: { scheme: standardWebhooksScheme(options), secret: options.secret },
    retrySpan: 76 * HOUR,
    failsOnRedirect: true,
    events,
    compose: (draft) => composeMessage(draft, 'webhook-'),
  })
}

function events(delivery: Delivery, body: ParsedBody): readonly EventDraft[] {
  return [
    {
      id: standardWebhooksId(delivery),
      topic: text(body.value, 'type') ?? 'message',
      payload: body.value,
    },
  ]
}
