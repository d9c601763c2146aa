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
import { HOUR } from './common/entry.ts'
import { text } from './common/read.ts'
import { composeMessage } from './schemes/messages.ts'

/** Options of {@link svix}. */
export interface SvixOptions {
  /** The endpoint's signing secret, `whsec_<base64>`, or `whpk_<base64>` where the endpoint signs with Ed25519. */
  readonly secret: SecretOption
  /** Seconds the signed time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
}

/**
 * Any sender that uses Svix: Standard Webhooks under `svix-*` headers, or the unbranded `webhook-*` ones. One whole set
 * counts, `svix-*` first; a mix of both is refused. Id is `svix-id`. Topic is `type`, `event_type` or `eventType` of the
 * body, whichever the sender chose, or `message`. Svix wants its 2xx within 15 s, retries for about 28 hours, and takes
 * a redirect for a failure.
 * https://docs.svix.com/receiving/verifying-payloads/how-manual
 */
export function svix<Events extends EventMap = EventMap>(options: SvixOptions): Provider<Events> {
  return defineProvider<Events, StandardWebhooksKey>({
    name: 'svix',
    auth: {
      scheme: standardWebhooksScheme({ prefixes: PREFIXES, tolerance: options.tolerance }),
      secret: options.secret,
    },
    retrySpan: 28 * HOUR,
    failsOnRedirect: true,
    events,
    compose: (draft) => composeMessage(draft, 'svix-'),
  })
}

const PREFIXES = ['svix-', 'webhook-']

function events(delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  const topic = text(value, 'type') ?? text(value, 'event_type') ?? text(value, 'eventType')
  return [{ id: standardWebhooksId(delivery, PREFIXES), topic: topic ?? 'message', payload: value }]
}
