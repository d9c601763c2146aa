import { squareClient } from './clients/square.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { row, type Fields } from './common/read.ts'
import { restEndpoints } from './common/rest.ts'
import type { EndpointTarget } from './common/spec.ts'
import type { Registrar } from './registrar.ts'
import { SQUARE_TOPICS } from './topics/square.ts'

/** Options of {@link squareRegistrar}. */
export interface SquareRegistrarOptions extends ApiOptions {
  /** The application's personal access token. Square accepts no OAuth token for webhook subscriptions. */
  readonly token: Token
  /** API version of the events. @default the application's version */
  readonly apiVersion?: string
}

/**
 * Manages the webhook subscriptions of an application at Square. A wildcard expands to the matching event types in
 * Square's library. Other names are sent unchanged, and Square rejects unknown names. Square shows the signature key at
 * any time. `rotate` invalidates the old key at once. Until `onSecret` has stored the new key, the receiver rejects
 * deliveries, which Square retries for 24 hours.
 *
 * API: https://developer.squareup.com/reference/square/webhook-subscriptions-api, and the types in the npm package
 * `square`.
 *
 * @example
 * const registrar = squareRegistrar({ token: process.env.SQUARE_TOKEN! })
 */
export function squareRegistrar(options: SquareRegistrarOptions): Registrar {
  const { apiVersion } = options
  const call = squareClient('squareRegistrar', options)

  const { get, ...endpoints } = restEndpoints(call, {
    title: 'Square',
    path: PATH,
    list: {
      rows: 'subscriptions',
      mayLack: true,
      query: { include_disabled: 'true', limit: 100 },
      next: ['cursor', 'cursor'],
    },
    inside: 'subscription',
    url: 'notification_url',
    topics: 'event_types',
    on: { enabled: true },
    settings: { api_version: 'api_version' },
    secret: 'signature_key',
    create(target) {
      const subscription = { name: 'Postern', enabled: true, ...shapeOf(target) }
      return { json: { ...once(), subscription }, repeatable: true }
    },
    shape: shapeOf,
    change: (id, subscription) => call('PUT', `${PATH}/${id}`, { json: { subscription } }),
  })

  return defineRegistrar({
    provider: 'square',
    account: 'application',
    kind: 'subscription',
    secret: 'readable',
    ...(apiVersion !== undefined && { settings: { api_version: apiVersion } }),
    names: { known: topicList(SQUARE_TOPICS), open: true },
    ...endpoints,
    async rotate(id, hand) {
      const { notification_url: url } = await get(id)
      const path = `${PATH}/${id}/signature-key`
      const { json } = await call('POST', path, { json: once(), repeatable: true })
      await hand(url, row(json)['signature_key'])
    },
  })
}

const PATH = '/v2/webhooks/subscriptions'

function shapeOf({ url, topics, settings }: EndpointTarget): Fields {
  return { notification_url: url, event_types: topics, ...settings }
}

/** Returns an idempotency key, with which a request can be sent twice. */
function once(): Fields {
  return { idempotency_key: crypto.randomUUID() }
}
