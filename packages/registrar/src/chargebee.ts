import { Buffer } from 'node:buffer'
import { senderCall } from './common/client.ts'
import { defineRegistrar, newSecret, topicList } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { row, type Fields } from './common/read.ts'
import { pagesOf, restEndpoints } from './common/rest.ts'
import type { EndpointTarget } from './common/spec.ts'
import type { Registrar } from './registrar.ts'
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
 * API: https://apidocs.chargebee.com/docs/api/webhook_endpoints, and the types in the npm package `chargebee`.
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

  const pages = pagesOf(call, 'Chargebee', PATH, {
    rows: 'list',
    query: { limit: 100 },
    next: ['offset', 'next_offset'],
  })
  const change = (id: string, members: Fields, secrets: readonly string[] = []) =>
    call('POST', `${PATH}/${id}`, { form: formOf(members), repeatable: true, secrets })
  const endpoints = restEndpoints(call, {
    title: 'Chargebee',
    path: PATH,
    inside: 'webhook_endpoint',
    async list(cursor) {
      const { items, next } = await pages(cursor)
      return { items: items.map((item) => row(item['webhook_endpoint'])), next }
    },
    url: 'url',
    topics: 'enabled_events',
    everything: '*',
    on: { disabled: false },
    usuallyOn: true,
    settings: { api_version: 'api_version' },
    create: (target) => ({
      form: formOf({ name: 'Postern', ...credentials(target.secret), ...shapeOf(target) }),
      headers: { 'chargebee-idempotency-key': crypto.randomUUID() },
      repeatable: true,
      secrets: [target.secret ?? ''],
    }),
    shape: shapeOf,
    change,
  })

  return defineRegistrar({
    provider: 'chargebee',
    account: `site ${options.site}`,
    kind: 'webhook endpoint',
    secret: 'given',
    settings: { api_version: 'v2' },
    names: { known: topicList(CHARGEBEE_TOPICS), everything: '*' },
    ...endpoints,
    async delete({ id }) {
      await call('POST', `${PATH}/${id}/delete`, { allow: [404], repeatable: true })
    },
    async rotate(id, hand) {
      const secret = `postern:${newSecret()}`
      await hand((await endpoints.get(id))['url'], secret)
      await change(id, credentials(secret), [secret])
    },
  })
}

const PATH = '/api/v2/webhook_endpoints'

function shapeOf({ url, topics, settings }: EndpointTarget): Fields {
  return { url, ...settings, ...(!topics.includes('*') && { enabled_events: topics }) }
}

/** Returns members as a form. A list becomes one field per item, with the item's index in the field's name. */
function formOf(members: Fields): URLSearchParams {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(members))
    if (Array.isArray(value)) value.forEach((item, at) => form.set(`${name}[${at}]`, String(item)))
    else form.set(name, String(value))
  return form
}

function credentials(secret = ''): Fields {
  const colon = secret.indexOf(':')
  if (colon < 1)
    throw new TypeError("secret: must be 'user:password' at Chargebee, which does not sign")
  return {
    basic_auth_username: secret.slice(0, colon),
    basic_auth_password: secret.slice(colon + 1),
  }
}
