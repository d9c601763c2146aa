import { deleteAt } from './common/client.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { polarClient, polarPages } from './clients/polar.ts'
import { endpointId, row, rows, asText, texts, type Fields } from './common/read.ts'
import type { Endpoint, Registrar } from './registrar.ts'
import { POLAR_TOPICS } from './topics/polar.ts'

/** Options of {@link polarRegistrar}. */
export interface PolarRegistrarOptions extends ApiOptions {
  /** An organization access token, or a personal token together with `organization`. */
  readonly token: Token
  /** The organization's id, which a personal token requires. @default the organization of the token */
  readonly organization?: string
}

/**
 * Manages the webhook endpoints of an organization at Polar. Polar shows the secret at any time. `rotate` invalidates
 * the old secret at once. Until `onSecret` has stored the new secret, the receiver rejects deliveries, which Polar
 * retries.
 *
 * API: https://polar.sh/docs/api-reference/webhooks/endpoints/create, with the types of npm
 * @polar-sh/sdk.
 *
 * @example
 * const registrar = polarRegistrar({ token: process.env.POLAR_TOKEN! })
 */
export function polarRegistrar(options: PolarRegistrarOptions): Registrar {
  const { organization } = options
  const call = polarClient('polarRegistrar', options)
  const owner = organization === undefined ? {} : { organization_id: organization }

  return defineRegistrar({
    provider: 'polar',
    account: organization === undefined ? 'organization' : `organization ${organization}`,
    kind: 'endpoint',
    secret: 'readable',
    settings: { format: 'raw' },
    map: (patterns) => mapTopics(patterns, { known: topicList(POLAR_TOPICS) }),
    list: async () => (await polarPages(call, PATH, owner)).map(toEndpoint),
    async create({ url, topics, settings }) {
      const json = { url, events: topics, ...settings, ...owner }
      const made = row((await call('POST', PATH, { json })).json)
      return { id: endpointId(made['id'], 'Polar'), secret: asText(made['secret']) }
    },
    async update({ id }, { url, topics, settings }) {
      await call('PATCH', `${PATH}/${id}`, { json: { url, events: topics, ...settings } })
    },
    delete: deleteAt(call, PATH),
    async failures({ id }) {
      const query = { endpoint_id: id, succeeded: 'false', limit: 50 }
      const { json } = await call('GET', '/v1/webhooks/deliveries', { query })
      return rows(row(json)['items'], 'Polar').map((each) => ({
        at: Date.parse(asText(each['created_at'])),
        ...(typeof each['http_code'] === 'number' && { status: each['http_code'] }),
        reason: asText(row(each['webhook_event'])['type']),
      }))
    },
    async enable(id) {
      await call('PATCH', `${PATH}/${id}`, { json: { enabled: true } })
    },
    async reveal(id, hand) {
      const { url, secret } = row((await call('GET', `${PATH}/${id}`)).json)
      await hand(url, secret)
    },
    async rotate(id, hand) {
      const { json } = await call('PATCH', `${PATH}/${id}/secret`, { repeatable: false })
      await hand(row(json)['url'], row(json)['secret'])
    },
  })
}

const PATH = '/v1/webhooks/endpoints'

function toEndpoint(endpoint: Fields): Endpoint {
  return {
    id: asText(endpoint['id']),
    url: asText(endpoint['url']),
    topics: texts(endpoint['events']).toSorted(),
    enabled: endpoint['enabled'] !== false,
    state: 'active',
    settings: { format: asText(endpoint['format']) },
  }
}
