import { deleteAt } from './common/client.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import { everyRow } from './common/paging.ts'
import { mapTopics } from './common/map.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { endpointId, row, rows, asText, texts, type Fields } from './common/read.ts'
import { squareClient } from './clients/square.ts'
import type { Endpoint, Registrar } from './registrar.ts'
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
 * API: https://developer.squareup.com/reference/square/webhook-subscriptions-api, with the types of npm square.
 *
 * @example
 * const registrar = squareRegistrar({ token: process.env.SQUARE_TOKEN! })
 */
export function squareRegistrar(options: SquareRegistrarOptions): Registrar {
  const { apiVersion } = options
  const call = squareClient('squareRegistrar', options)

  return defineRegistrar({
    provider: 'square',
    account: 'application',
    kind: 'subscription',
    secret: 'readable',
    ...(apiVersion !== undefined && { settings: { api_version: apiVersion } }),
    map: (patterns) => mapTopics(patterns, { known: topicList(SQUARE_TOPICS), open: true }),
    async list() {
      const all = await everyRow('Square', async (cursor) => {
        const query = { include_disabled: 'true', limit: 100, cursor }
        const { json } = await call('GET', PATH, { query })
        const items = rows(row(json)['subscriptions'] ?? [], 'Square')
        return { items, next: asText(row(json)['cursor']) || undefined }
      })
      return all.map(toEndpoint)
    },
    async create({ url, topics, settings }) {
      const subscription = { name: 'Postern', enabled: true, ...shapeOf(url, topics), ...settings }
      const json = { idempotency_key: crypto.randomUUID(), subscription }
      const answer = await call('POST', PATH, { json, repeatable: true })
      const made = row(row(answer.json)['subscription'])
      return { id: endpointId(made['id'], 'Square'), secret: asText(made['signature_key']) }
    },
    async update({ id }, { url, topics, settings }) {
      const subscription = { ...shapeOf(url, topics), ...settings }
      await call('PUT', `${PATH}/${id}`, { json: { subscription } })
    },
    delete: deleteAt(call, PATH),
    async enable(id) {
      await call('PUT', `${PATH}/${id}`, { json: { subscription: { enabled: true } } })
    },
    async reveal(id, hand) {
      const { json } = await call('GET', `${PATH}/${id}`)
      const { notification_url: url, signature_key: secret } = row(row(json)['subscription'])
      await hand(url, secret)
    },
    async rotate(id, hand) {
      const { json } = await call('GET', `${PATH}/${id}`)
      const given = { idempotency_key: crypto.randomUUID() }
      const path = `${PATH}/${id}/signature-key`
      const answer = await call('POST', path, { json: given, repeatable: true })
      await hand(
        row(row(json)['subscription'])['notification_url'],
        row(answer.json)['signature_key'],
      )
    },
  })
}

const PATH = '/v2/webhooks/subscriptions'

function shapeOf(url: string, topics: readonly string[]): Fields {
  return { notification_url: url, event_types: topics }
}

function toEndpoint(subscription: Fields): Endpoint {
  return {
    id: asText(subscription['id']),
    url: asText(subscription['notification_url']),
    topics: texts(subscription['event_types']).toSorted(),
    enabled: subscription['enabled'] === true,
    state: 'active',
    settings: { api_version: asText(subscription['api_version']) },
  }
}
