import { type EventMap, type SecretOption } from '@postern/core'
import { defineProvider, hmac, stringifyJson, type Provider } from '@postern/core/scheme'
import { pairs } from './schemes/pairs.ts'
import { needed, text } from './common/read.ts'

/** Options of {@link workos}. */
export interface WorkosOptions {
  /** The secret of the endpoint, used as it is. */
  readonly secret: SecretOption
  /** Seconds the signed time may be away from now, in the past and in the future. @default 180 */
  readonly tolerance?: number
}

/**
 * WorkOS webhooks (Actions, which need a signed reply, are not covered). HMAC-SHA256 over `t.body`, `t` in milliseconds.
 * Topic is `event` (`dsync.user.created`), id is `id`. WorkOS retries with growing delays; for how long is not documented.
 * https://workos.com/docs/events/data-syncing/webhooks
 */
export function workos<Events extends EventMap = EventMap>(
  options: WorkosOptions,
): Provider<Events> {
  return defineProvider<Events, Uint8Array>({
    name: 'workos',
    auth: {
      scheme: hmac({ ...SIGNATURE, timestampUnit: 'ms', tolerance: options.tolerance ?? 180 }),
      secret: options.secret,
    },
    events: (_delivery, { value }) => [
      { id: text(value, 'id'), topic: needed(value, 'event'), payload: value },
    ],
    compose: ({ topic = 'dsync.user.created', id, payload }) => ({
      body: stringifyJson({
        id: id ?? `event_${crypto.randomUUID()}`,
        event: topic,
        ...(payload as object),
      }),
    }),
  })
}

const SIGNATURE = pairs({
  header: 'workos-signature',
  separator: ',',
  time: 't',
  signature: 'v1',
  most: 1,
  joint: '.',
  id: true,
})
