import { deleteAt, senderCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import { everyRow } from './common/paging.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { endpointId, row, rows, asText, texts, type Fields } from './common/read.ts'
import type { Endpoint, Registrar } from './registrar.ts'

/** Options of {@link contentfulRegistrar}. */
export interface ContentfulRegistrarOptions extends ApiOptions {
  /** A token of the Content Management API. */
  readonly token: Token
  /** The space's id. */
  readonly space: string
}

/**
 * Manages the webhooks of a space at Contentful. Topics have no `ContentManagement.` prefix. In a topic, `*` stands for
 * any type or any action. All webhooks of a space share its signing secret, so the registrar does not set the secret:
 * turn on request verification in the space's settings. A change also sends the webhook's other members and its
 * version, so Contentful rejects it after another change.
 *
 * API:
 * https://www.contentful.com/developers/docs/references/content-management-api/#/reference/webhooks,
 * with the types of npm contentful-management.
 *
 * @example
 * const registrar = contentfulRegistrar({ token: process.env.CONTENTFUL_TOKEN!, space: 'a1b2c3' })
 */
export function contentfulRegistrar(options: ContentfulRegistrarOptions): Registrar {
  const call = senderCall('contentfulRegistrar', options, {
    title: 'Contentful',
    api: 'https://api.contentful.com',
    // Contentful sends this header, in seconds, instead of Retry-After.
    wait429: ({ status, headers }) => {
      const reset = headers.get('x-contentful-ratelimit-reset')
      return status === 429 && reset !== null ? Number(reset) * 1000 : undefined
    },
  })
  const path = `/spaces/${encodeURIComponent(options.space)}/webhook_definitions`
  const headers = { 'content-type': 'application/vnd.contentful.management.v1+json' }

  return defineRegistrar({
    provider: 'contentful',
    account: `space ${options.space}`,
    kind: 'webhook definition',
    map: (patterns) =>
      mapTopics(patterns, {
        known: ['*.*'],
        convert: (pattern) => ({ names: [toName(pattern)], wider: false }),
        open: true,
      }),
    warn: () => [
      "deliveries are signed once the space's request verification is on; set it by hand",
    ],
    async list() {
      const all = await everyRow('Contentful', async (skip = '0') => {
        const { json } = await call('GET', path, { query: { limit: 100, skip } })
        const items = rows(row(json)['items'], 'Contentful')
        const end = Number(skip) + items.length
        const isLast = items.length === 0 || end >= Number(row(json)['total'])
        return { items, next: isLast ? undefined : String(end) }
      })
      return all.map(toEndpoint)
    },
    async create({ url, topics }) {
      const json = { name: 'Postern', url, topics, headers: [], active: true }
      const answer = await call('POST', path, { json, headers })
      return { id: endpointId(row(row(answer.json)['sys'])['id'], 'Contentful') }
    },
    async update({ id }, { url, topics }) {
      await change(id, { url, topics })
    },
    delete: deleteAt(call, path),
    async failures({ id }) {
      const calls = await call('GET', `/spaces/${options.space}/webhooks/${id}/calls`)
      return rows(row(calls.json)['items'], 'Contentful').flatMap((each) => {
        const status = Number(each['statusCode'])
        if (status >= 200 && status < 300) return []
        return [{ at: Date.parse(asText(each['requestAt'])), ...(status > 0 && { status }) }]
      })
    },
    enable: (id) => change(id, { active: true }),
  })

  async function change(id: string, more: Fields): Promise<void> {
    const { json } = await call('GET', `${path}/${id}`)
    const { sys, ...rest } = row(json)
    const version = { 'x-contentful-version': asText(row(sys)['version']) }
    await call('PUT', `${path}/${id}`, {
      json: { ...rest, ...more },
      headers: { ...headers, ...version },
    })
  }
}

function toName(pattern: string): string {
  const name = pattern.replace(/^ContentManagement\./, '')
  if (name === '*' || name === '**') return '*.*'
  return name.replace(/\.\*\*$/, '.*')
}

function toEndpoint(webhook: Fields): Endpoint {
  return {
    id: asText(row(webhook['sys'])['id']),
    url: asText(webhook['url']),
    topics: texts(webhook['topics']).toSorted(),
    enabled: webhook['active'] !== false,
    state: 'active',
  }
}
