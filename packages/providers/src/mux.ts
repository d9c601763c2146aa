import { type EventMap, type SecretOption } from '@postern/core'
import { defineProvider, hmac, stringifyJson, type Provider } from '@postern/core/scheme'
import { pairs } from './schemes/pairs.ts'
import { DAY } from './common/entry.ts'
import { needed, text } from './common/read.ts'

/** Options of {@link mux}. */
export interface MuxOptions {
  /** The signing secret of the webhook; each endpoint has its own. */
  readonly webhookSecret: SecretOption
  /** Seconds the signed time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
}

/**
 * Mux Video and Data. HMAC-SHA256 over `t.body` in `Mux-Signature`; any of several `v1` may match, other versions never
 * do. Topic is `type` (`video.asset.ready`), id is `id`, signed with the body. Mux wants its 2xx within 5 s, retries with
 * growing delay for 24 hours, and may send an event twice all the same.
 * https://www.mux.com/docs/core/verify-webhook-signatures
 */
export function mux<Events extends EventMap = EventMap>(options: MuxOptions): Provider<Events> {
  return defineProvider<Events, Uint8Array>({
    name: 'mux',
    auth: {
      scheme: hmac({ ...SIGNATURE, tolerance: options.tolerance }),
      secret: options.webhookSecret,
      option: 'webhookSecret',
    },
    retrySpan: DAY,
    events: (_delivery, { value }) => [
      { id: text(value, 'id'), topic: needed(value, 'type'), payload: value },
    ],
    compose: ({ topic = 'video.asset.ready', id = crypto.randomUUID(), payload }) => ({
      body: stringifyJson({ type: topic, id, ...(payload as object) }),
    }),
  })
}

const SIGNATURE = pairs({
  header: 'mux-signature',
  separator: ',',
  time: 't',
  signature: 'v1',
  most: 20,
  joint: '.',
  id: true,
})
