import { paddleClient, paddlePages } from './clients/paddle.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { memberIn, rows, asText, type Fields } from './common/read.ts'
import { failedAt, restEndpoints } from './common/rest.ts'
import type { EndpointTarget } from './common/spec.ts'
import type { Registrar } from './registrar.ts'
import { PADDLE_TOPICS } from './topics/paddle.ts'

/** Options of {@link paddleRegistrar}. */
export interface PaddleRegistrarOptions extends ApiOptions {
  /** An API key that may write notification settings. A key of the sandbox starts with `pdl_sdbx_`. */
  readonly key: Token
}

/**
 * Manages the notification destinations of the type `url` in a Paddle account. Paddle shows the secret of a destination
 * at any time, but cannot change the secret. To change a secret, create another destination. An account has at most ten
 * active destinations.
 *
 * API: https://developer.paddle.com/api-reference/notification-settings/overview, and the types in the npm package
 * `@paddle/paddle-node-sdk`.
 *
 * @example
 * const registrar = paddleRegistrar({ key: process.env.PADDLE_API_KEY! })
 */
export function paddleRegistrar(options: PaddleRegistrarOptions): Registrar {
  const call = paddleClient('paddleRegistrar', options)

  return defineRegistrar({
    provider: 'paddle',
    account: 'account',
    kind: 'notification setting',
    secret: 'readable',
    names: { known: topicList(PADDLE_TOPICS) },
    ...restEndpoints(call, {
      title: 'Paddle',
      path: PATH,
      list: paddlePages(call, PATH),
      only: { type: 'url' },
      inside: 'data',
      url: 'destination',
      topics: ({ subscribed_events }) =>
        rows(subscribed_events ?? [], 'Paddle').map(({ name }) => asText(name)),
      on: { active: true },
      secret: 'endpoint_secret_key',
      create: (target) => ({ json: { description: 'Postern', type: 'url', ...shapeOf(target) } }),
      shape: shapeOf,
    }),
    async failures({ id }) {
      const query = { notification_setting_id: id, status: 'failed', per_page: 50 }
      const { json } = await call('GET', '/notifications', { query })
      return rows(memberIn(json, 'data'), 'Paddle').map(
        ({ last_attempt_at, type, times_attempted }) =>
          failedAt(
            last_attempt_at,
            undefined,
            `${asText(type)} after ${asText(times_attempted)} attempts`,
          ),
      )
    },
  })
}

const PATH = '/notification-settings'

function shapeOf({ url, topics }: EndpointTarget): Fields {
  return { destination: url, subscribed_events: topics }
}
