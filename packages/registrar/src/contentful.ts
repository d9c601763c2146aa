import { senderCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { memberIn, row, rows, asText, isSuccess } from './common/read.ts'
import { failedAt, restEndpoints } from './common/rest.ts'
import type { Registrar } from './registrar.ts'

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
 * turn on request verification in the space's settings. An update names the version of the webhook that the registrar
 * has read. So Contentful rejects the update if somebody has changed the webhook since then.
 *
 * API: https://www.contentful.com/developers/docs/references/content-management-api/#/reference/webhooks, and the types
 * in the npm package `contentful-management`.
 *
 * @example
 * const registrar = contentfulRegistrar({ token: process.env.CONTENTFUL_TOKEN!, space: 'a1b2c3' })
 */
export function contentfulRegistrar(options: ContentfulRegistrarOptions): Registrar {
  const call = senderCall('contentfulRegistrar', options, {
    title: 'Contentful',
    api: 'https://api.contentful.com',
    // Contentful sends this header, in seconds, and not Retry-After.
    wait429: ({ status, headers }) => {
      const reset = headers.get('x-contentful-ratelimit-reset')
      return status === 429 && reset !== null ? Number(reset) * 1000 : undefined
    },
  })
  const path = `/spaces/${encodeURIComponent(options.space)}/webhook_definitions`
  const headers = { 'content-type': 'application/vnd.contentful.management.v1+json' }

  const { get, ...endpoints } = restEndpoints(call, {
    title: 'Contentful',
    path,
    list: {
      rows: 'items',
      query: { limit: 100 },
      next: [
        'skip',
        ({ json }, skip = '0', items) => {
          const end = Number(skip) + items.length
          const isLast = items.length === 0 || end >= Number(row(json)['total'])
          return isLast ? undefined : String(end)
        },
      ],
    },
    id: 'sys.id',
    url: 'url',
    topics: 'topics',
    on: { active: true },
    usuallyOn: true,
    create({ url, topics }) {
      const json = { name: 'Postern', url, topics, headers: [], active: true }
      return { json, headers }
    },
    shape: ({ url, topics }) => ({ url, topics }),
    async change(id, members) {
      const { sys, ...rest } = await get(id)
      const version = { 'x-contentful-version': asText(row(sys)['version']) }
      await call('PUT', `${path}/${id}`, {
        json: { ...rest, ...members },
        headers: { ...headers, ...version },
      })
    },
  })

  return defineRegistrar({
    provider: 'contentful',
    account: `space ${options.space}`,
    kind: 'webhook definition',
    names: {
      known: ['*.*'],
      convert: (pattern) => ({ names: [toName(pattern)], wider: false }),
      open: true,
    },
    warn: () => [
      "deliveries are signed once the space's request verification is on; set it by hand",
    ],
    ...endpoints,
    async failures({ id }) {
      const { json } = await call('GET', `/spaces/${options.space}/webhooks/${id}/calls`)
      return rows(memberIn(json, 'items'), 'Contentful')
        .filter(({ statusCode }) => !isSuccess(statusCode))
        .map(({ requestAt, statusCode }) => failedAt(requestAt, statusCode))
    },
  })
}

function toName(pattern: string): string {
  const name = pattern.replace(/^ContentManagement\./, '')
  if (name === '*' || name === '**') return '*.*'
  return name.replace(/\.\*\*$/, '.*')
}
