import { deleteAt } from './common/client.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import { everyRow } from './common/paging.ts'
import { mapTopics } from './common/map.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { paddleClient, paddlePage } from './clients/paddle.ts'
import { endpointId, row, rows, asText, type Fields } from './common/read.ts'
import type { Endpoint, Registrar } from './registrar.ts'
import { PADDLE_TOPICS } from './topics/paddle.ts'

/** Options of {@link paddleRegistrar}. */
export interface PaddleRegistrarOptions extends ApiOptions {
  /** An API key that may write notification settings. A key of the sandbox starts with `pdl_sdbx_`. */
  readonly key: Token
}

/**
 * Manages the notification destinations of the type `url` in a Paddle account. Paddle shows the secret of a destination
 * at any time, but cannot change it. To change a secret, create another destination. An account has at most ten active
 * destinations.
 *
 * API: https://developer.paddle.com/api-reference/notification-settings/overview, with the types of npm
 * @paddle/paddle-node-sdk.
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
    map: (patterns) => mapTopics(patterns, { known: topicList(PADDLE_TOPICS) }),
    async list() {
      const all = await everyRow('Paddle', (cursor) => paddlePage(call, PATH, {}, cursor))
      return all.filter(({ type }) => type === 'url').map(toEndpoint)
    },
    async create({ url, topics }) {
      const json = {
        description: 'Postern',
        type: 'url',
        destination: url,
        subscribed_events: topics,
      }
      const answer = await call('POST', PATH, { json })
      const made = row(row(answer.json)['data'])
      return { id: endpointId(made['id'], 'Paddle'), secret: asText(made['endpoint_secret_key']) }
    },
    async update({ id }, { url, topics }) {
      await call('PATCH', `${PATH}/${id}`, {
        json: { destination: url, subscribed_events: topics },
      })
    },
    delete: deleteAt(call, PATH),
    async failures({ id }) {
      const query = { notification_setting_id: id, status: 'failed', per_page: 50 }
      const { json } = await call('GET', '/notifications', { query })
      return rows(row(json)['data'], 'Paddle').map((each) => ({
        at: Date.parse(asText(each['last_attempt_at'])),
        reason: `${asText(each['type'])} after ${asText(each['times_attempted'])} attempts`,
      }))
    },
    async reveal(id, hand) {
      const { json } = await call('GET', `${PATH}/${id}`)
      const { destination, endpoint_secret_key: secret } = row(row(json)['data'])
      await hand(destination, secret)
    },
    async enable(id) {
      await call('PATCH', `${PATH}/${id}`, { json: { active: true } })
    },
  })
}

const PATH = '/notification-settings'

function toEndpoint(setting: Fields): Endpoint {
  const events = rows(setting['subscribed_events'] ?? [], 'Paddle')
  return {
    id: asText(setting['id']),
    url: asText(setting['destination']),
    topics: events.map((event) => asText(event['name'])).toSorted(),
    enabled: setting['active'] === true,
    state: 'active',
  }
}
