import { defineRegistrar, topicList } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import { checkOptions, type ApiOptions, type Token } from './common/options.ts'
import { polarClient, polarPages } from './clients/polar.ts'
import { endpointId, row, rows, asText, texts, type Fields } from './common/read.ts'
import type { Endpoint, Registrar } from './registrar.ts'
import { POLAR_TOPICS } from './topics/polar.ts'

/** Options of {@link polarRegistrar}. */
export interface PolarRegistrarOptions extends ApiOptions {
  /** An organization access token, or a personal one together with `organization`. */
  readonly token: Token
  /** The organization's id; a personal token needs it. @default the organization of the token */
  readonly organization?: string
}

/**
 * Webhook endpoints of an organization at Polar. Polar shows the secret at any time. With `rotate` Polar makes the new
 * secret at once: until `onSecret` has kept it, deliveries are rejected, and Polar sends them again.
 *
 * API: https://polar.sh/docs/api-reference/webhooks/endpoints/create, with the types of npm @polar-sh/sdk.
 *
 * @example
 * const registrar = polarRegistrar({ token: process.env.POLAR_TOKEN! })
 */
export function polarRegistrar(options: PolarRegistrarOptions): Registrar {
  checkOptions('polarRegistrar', options)
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
    async delete({ id }) {
      await call('DELETE', `${PATH}/${id}`, { allow: [404] })
    },
    async failures({ id }) {
      const query = { endpoint_id: id, succeeded: 'false', limit: 50 }
      const { json } = await call('GET', '/v1/webhooks/deliveries', { query })
      const failed = rows(row(json)['items'], 'Polar').map((each) => ({
        at: Date.parse(asText(each['created_at'])),
        ...(typeof each['http_code'] === 'number' && { status: each['http_code'] }),
        reason: asText(row(each['webhook_event'])['type']),
      }))
      return { failures: failed }
    },
    async enable(id) {
      await call('PATCH', `${PATH}/${id}`, { json: { enabled: true } })
    },
    async reveal(id, { onSecret }) {
      const { url, secret } = row((await call('GET', `${PATH}/${id}`)).json)
      await onSecret({ provider: 'polar', endpoint: id, url: asText(url), secret: asText(secret) })
    },
    async rotate(id, { onSecret }) {
      const made = row((await call('PATCH', `${PATH}/${id}/secret`, { repeatable: false })).json)
      const { url, secret } = made
      await onSecret({ provider: 'polar', endpoint: id, url: asText(url), secret: asText(secret) })
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
