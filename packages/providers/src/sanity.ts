import { type EventMap, type SecretOption } from '@postern/core'
import { defineProvider, hmac, type Provider } from '@postern/core/scheme'
import { HOUR } from './common/entry.ts'
import { pairs } from './schemes/pairs.ts'

/** Options of {@link sanity}. */
export interface SanityOptions {
  /** The secret of the webhook. */
  readonly secret: SecretOption
  /**
   * Seconds the signed time may be away from now, in the past and in the future. Sanity names none and does not say
   * whether a retry is signed anew. @default 3600, the half hour of its retries twice
   */
  readonly tolerance?: number
}

/**
 * Sanity (GROQ-powered webhooks). HMAC-SHA256 over `t.body`, `t` in milliseconds, in unpadded base64url. Topic is
 * `Sanity-Operation` (`create`, `update`, `delete`), id is `Idempotency-Key`; neither is signed. The payload is your own
 * projection. Sanity waits 30 s, retries 429 and 5xx for 30 minutes, and gives up at any other 4xx.
 * https://www.sanity.io/docs/webhooks
 */
export function sanity<Events extends EventMap = EventMap>(
  options: SanityOptions,
): Provider<Events> {
  return defineProvider<Events, Uint8Array>({
    name: 'sanity',
    methods: ['POST', 'PUT', 'PATCH', 'DELETE'],
    auth: {
      scheme: hmac({
        ...SIGNATURE,
        encoding: 'base64url',
        timestampUnit: 'ms',
        tolerance: options.tolerance ?? 3600,
      }),
      secret: options.secret,
    },
    retrySpan: HOUR / 2,
    events: (delivery, { value }) => [
      {
        id: delivery.header('idempotency-key') || undefined,
        topic: delivery.header('sanity-operation') ?? '',
        payload: value,
      },
    ],
    compose: ({ topic = 'create', id = crypto.randomUUID() }) => ({
      headers: {
        'user-agent': 'Sanity.io webhook delivery',
        'idempotency-key': id,
        'sanity-operation': topic,
      },
    }),
  })
}

const SIGNATURE = pairs({
  header: 'sanity-webhook-signature',
  separator: ',',
  time: 't',
  signature: 'v1',
  most: 1,
  joint: '.',
})
