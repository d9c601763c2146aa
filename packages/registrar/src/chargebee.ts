import { Buffer } from 'node:buffer'
import { senderCall } from './common/client.ts'
import { defineRegistrar, newSecret, topicList } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import { everyRow } from './common/paging.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { endpointId, row, rows, asText, texts, type Fields } from './common/read.ts'
import type { Endpoint, Registrar } from './registrar.ts'
import { CHARGEBEE_TOPICS } from './topics/chargebee.ts'

/** Options of {@link chargebeeRegistrar}. */
export interface ChargebeeRegistrarOptions extends ApiOptions {
  /** An API key with full access. */
  readonly key: Token
  /** The site's name: `octo-test` for `https://octo-test.chargebee.com`. */
  readonly site: string
}

/**
 * Manages the webhook endpoints of a site at Chargebee. Chargebee does not sign: the secret for `apply` is
 * `user:password` of Basic authentication. `rotate` changes user and password. An endpoint has only one such pair, so
 * let the receiver accept the old pair too until `rotate` has resolved.
 *
 * API: https://apidocs.chargebee.com/docs/api/webhook_endpoints, with the types of npm chargebee.
 *
 * @example
 * const registrar = chargebeeRegistrar({ key: process.env.CHARGEBEE_KEY!, site: 'octo-test' })
 */
export function chargebeeRegistrar(options: ChargebeeRegistrarOptions): Registrar {
  const call = senderCall('chargebeeRegistrar', options, {
    title: 'Chargebee',
    api: `https://${encodeURIComponent(options.site)}.chargebee.com`,
    headers: (key) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }),
  })

  return defineRegistrar({
    provider: 'chargebee',
    account: `site ${options.site}`,
    kind: 'webhook endpoint',
    secret: 'given',
    settings: { api_version: 'v2' },
    map: (patterns) => mapTopics(patterns, { known: topicList(CHARGEBEE_TOPICS), everything: '*' }),
    async list() {
      const all = await everyRow('Chargebee', async (offset) => {
        const { json } = await call('GET', PATH, { query: { limit: 100, offset } })
        const list = rows(row(json)['list'], 'Chargebee')
        const next = asText(row(json)['next_offset']) || undefined
        return { items: list.map((each) => row(each['webhook_endpoint'])), next }
      })
      return all.map(toEndpoint)
    },
    async create({ url, topics, settings, secret = '' }) {
      const form = formOf(url, topics, secret)
      form.set('name', 'Postern')
      form.set('api_version', String(settings['api_version']))
      const headers = { 'chargebee-idempotency-key': crypto.randomUUID() }
      const answer = await call('POST', PATH, {
        form,
        headers,
        repeatable: true,
        secrets: [secret],
      })
      return { id: endpointId(row(row(answer.json)['webhook_endpoint'])['id'], 'Chargebee') }
    },
    async update({ id }, { url, topics, settings }) {
      const form = formOf(url, topics)
      form.set('api_version', String(settings['api_version']))
      await change(id, form)
    },
    async delete({ id }) {
      await call('POST', `${PATH}/${id}/delete`, { allow: [404], repeatable: true })
    },
    enable: (id) => change(id, new URLSearchParams({ disabled: 'false' })),
    async rotate(id, hand) {
      const { json } = await call('GET', `${PATH}/${id}`)
      const secret = `postern:${newSecret()}`
      await hand(row(row(json)['webhook_endpoint'])['url'], secret)
      await change(id, credentials(secret), [secret])
    },
  })

  async function change(
    id: string,
    form: URLSearchParams,
    secrets: readonly string[] = [],
  ): Promise<void> {
    await call('POST', `${PATH}/${id}`, { form, repeatable: true, secrets })
  }
}

const PATH = '/api/v2/webhook_endpoints'

function formOf(url: string, topics: readonly string[], secret?: string): URLSearchParams {
  const form = secret === undefined ? new URLSearchParams() : credentials(secret)
  form.set('url', url)
  if (topics.includes('*')) return form
  topics.forEach((topic, at) => form.set(`enabled_events[${at}]`, topic))
  return form
}

function credentials(secret: string): URLSearchParams {
  const colon = secret.indexOf(':')
  if (colon < 1)
    throw new TypeError("secret: must be 'user:password' at Chargebee, which does not sign")
  return new URLSearchParams({
    basic_auth_username: secret.slice(0, colon),
    basic_auth_password: secret.slice(colon + 1),
  })
}

function toEndpoint(endpoint: Fields): Endpoint {
  const events = texts(endpoint['enabled_events'])
  return {
    id: asText(endpoint['id']),
    url: asText(endpoint['url']),
    topics: events.length === 0 ? ['*'] : events.toSorted(),
    enabled: endpoint['disabled'] !== true,
    state: 'active',
    settings: { api_version: asText(endpoint['api_version']) },
  }
}
