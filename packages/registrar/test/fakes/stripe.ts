// Stripe's webhook endpoints and events, as described at https://docs.stripe.com/api.
import type { Description, Schema } from '../descriptions/description.ts'
import { load } from './description.ts'
import { startFake, type Fake, type FakeAnswer, type FakeRequest } from './fake.ts'
import { pageOf, rowsOf } from './rows.ts'

export const STRIPE_KEY = 'rk_test_fake0123456789fake0123456789'

export interface StripeEvent {
  readonly id: string
  readonly type: string
  /** In seconds since 1970. */
  readonly created: number
  readonly api_version: string
  readonly delivered: boolean
  readonly account?: string
}

export interface StripeState {
  /** Events, newest first. */
  events?: StripeEvent[]
  /** Thin events, newest first, as `/v2/core/events` returns them. */
  thin?: readonly (Readonly<Record<string, unknown>> & { readonly id: string })[]
  customers?: ReadonlyMap<string, object>
}

export interface StripeDestination {
  id: string
  event_payload: 'snapshot' | 'thin'
  events_from: readonly string[]
  enabled_events: string[]
  status: 'enabled' | 'disabled'
  snapshot_api_version: string | null
  metadata: Record<string, string>
  webhook_endpoint: { url: string; signing_secret: string }
}

export interface StripeEndpoint {
  id: string
  url: string
  enabled_events: string[]
  status: 'enabled' | 'disabled'
  api_version: string | null
  metadata: Record<string, string>
  secret: string
}

export async function startStripe(state: StripeState = {}): Promise<
  Fake & {
    readonly endpoints: readonly StripeEndpoint[]
    readonly destinations: readonly StripeDestination[]
    /** Destinations for which a ping was requested. */
    readonly pinged: readonly string[]
  }
> {
  let next = 1
  const destinations: StripeDestination[] = []
  const pinged: string[] = []
  const destination = (
    request: FakeRequest,
    then: (found: StripeDestination) => void = () => undefined,
  ): FakeAnswer => {
    const found = destinations.find(({ id }) => id === request.params['id'])
    if (!found) return missing('No such event destination')
    then(found)
    return { json: destinationOf(found, request.query['include'] ?? request.body?.include) }
  }
  const answered = new Map<string, FakeAnswer>()
  const {
    rows: endpoints,
    one,
    removed,
  } = rowsOf<StripeEndpoint>(missing('No such webhook endpoint'), 'webhook_endpoint')
  endpoints.push(
    made({ url: 'https://stranger.example/hooks', enabled_events: ['*'] }, 'we_stranger'),
  )
  const fake = await startFake({
    description: { ...description, operations: { ...description.operations, ...V2 } },
    reject: ({ authorization, ...headers }, path) =>
      authorization !== `Bearer ${STRIPE_KEY}`
        ? rejection(401, `Invalid API Key provided: ${authorization?.slice(7)}`)
        : path.startsWith('/v2/') && headers['stripe-version'] === undefined
          ? rejection(400, 'Stripe-Version must be given')
          : undefined,
    invalid: (reason) => rejection(400, reason),
    routes: {
      'GET /v1/webhook_endpoints': ({ query }) => paged(endpoints.map(shown), query),
      'GET /v1/webhook_endpoints/{webhook_endpoint}': one((endpoint) => ({
        json: shown(endpoint),
      })),
      'POST /v1/webhook_endpoints': ({ body, headers }) => {
        const key = headers['idempotency-key'] as string
        const before = answered.get(key)
        if (before) return before
        const problem = ruleOf(body)
        if (problem !== undefined) return rejection(400, problem)
        const endpoint = made(body, `we_${next++}`)
        endpoints.unshift(endpoint)
        const answer = { json: { ...shown(endpoint), secret: endpoint.secret } }
        answered.set(key, answer)
        return answer
      },
      'POST /v1/webhook_endpoints/{webhook_endpoint}': one((endpoint, { body }) => {
        const { metadata = {}, disabled, ...rest } = body
        const problem = rest.url === undefined ? undefined : ruleOf(rest)
        if (problem !== undefined) return rejection(400, problem)
        Object.assign(endpoint, rest)
        if (disabled !== undefined) endpoint.status = disabled === 'true' ? 'disabled' : 'enabled'
        for (const [name, value] of Object.entries(metadata as Record<string, string>)) {
          if (value === '') delete endpoint.metadata[name]
          else endpoint.metadata[name] = value
        }
        return { json: shown(endpoint) }
      }),
      'DELETE /v1/webhook_endpoints/{webhook_endpoint}': removed(({ id }) => ({
        json: { id, object: 'webhook_endpoint', deleted: true },
      })),
      'GET /v2/core/event_destinations': ({ query }) =>
        pagedV2(
          destinations.map((each) => destinationOf(each, query['include'])),
          query,
        ),
      'GET /v2/core/event_destinations/{id}': (request) => destination(request),
      'POST /v2/core/event_destinations': (request) => {
        const { body, headers } = request
        const key = headers['idempotency-key'] as string
        const before = answered.get(key)
        if (before) return before
        const thin = body.enabled_events.filter((topic: string) => /^v\d\./.test(topic))
        if (thin.length !== (body.event_payload === 'thin' ? body.enabled_events.length : 0))
          return rejection(400, 'an event of the other payload')
        const id = `ed_${next++}`
        destinations.unshift({
          id,
          event_payload: body.event_payload,
          events_from: body.events_from,
          enabled_events: body.enabled_events,
          status: 'enabled',
          snapshot_api_version: body.snapshot_api_version ?? null,
          metadata: { ...body.metadata },
          webhook_endpoint: {
            url: body.webhook_endpoint.url,
            signing_secret: `whsec_${id}_0123456789`,
          },
        })
        const answer = destination({ ...request, params: { id } })
        answered.set(key, answer)
        return answer
      },
      'POST /v2/core/event_destinations/{id}': (request) =>
        destination(request, (found) => {
          const { metadata = {}, webhook_endpoint: endpoint, enabled_events: topics } = request.body
          found.enabled_events = topics ?? found.enabled_events
          found.webhook_endpoint.url = endpoint?.url ?? found.webhook_endpoint.url
          for (const [name, value] of Object.entries(metadata as Record<string, string | null>)) {
            if (value === null) delete found.metadata[name]
            else found.metadata[name] = value
          }
        }),
      'POST /v2/core/event_destinations/{id}/enable': (request) =>
        destination(request, (found) => (found.status = 'enabled')),
      'POST /v2/core/event_destinations/{id}/disable': (request) =>
        destination(request, (found) => (found.status = 'disabled')),
      'POST /v2/core/event_destinations/{id}/ping': (request) =>
        destination(request, ({ id }) => void pinged.push(id)),
      'DELETE /v2/core/event_destinations/{id}': (request) =>
        destination(request, (found) => void destinations.splice(destinations.indexOf(found), 1)),
      'GET /v2/core/events': ({ query, headers }) =>
        pagedV2(
          (state.thin ?? []).filter(({ context }) => context === headers['stripe-context']),
          query,
        ),
      'GET /v2/core/events/{id}': ({ params }) => {
        const found = state.thin?.find(({ id }) => id === params['id'])
        return found ? { json: found } : missing(`No such event: '${params['id']}'`)
      },
      'GET /v1/customers/{customer}': ({ params: { customer = '' } }) => {
        const found = state.customers?.get(customer)
        return found ? { json: found } : missing(`No such customer: '${customer}'`)
      },
      'GET /v1/events': ({ query, headers }) => {
        const account = headers['stripe-account']
        const { created, types, delivery_success: success } = query
        const found = (state.events ?? []).filter(
          (event) =>
            event.account === account &&
            (types === undefined || types.includes(event.type)) &&
            (success === undefined || event.delivered === (success === 'true')) &&
            event.created >= Number(created?.gte ?? 0) &&
            event.created <= Number(created?.lte ?? Infinity),
        )
        return types?.length > 20
          ? rejection(400, 'at most 20 types')
          : paged(found.map(eventOf), query)
      },
      'GET /v1/events/{id}': ({ params }) => {
        const found = state.events?.find(({ id }) => id === params['id'])
        return found ? { json: eventOf(found) } : missing(`No such event: '${params['id']}'`)
      },
    },
  })
  return { ...fake, endpoints, destinations, pinged }
}

/** Returns a destination. Its URL and secret are null, unless `include` names them. */
function destinationOf(
  { webhook_endpoint: { url, signing_secret: secret }, ...rest }: StripeDestination,
  include: readonly string[] = [],
): { readonly id: string; readonly webhook_endpoint: object } {
  const endpoint = {
    url: include.includes('webhook_endpoint.url') ? url : null,
    signing_secret: include.includes('webhook_endpoint.signing_secret') ? secret : null,
  }
  const more = { object: 'v2.core.event_destination', type: 'webhook_endpoint', livemode: false }
  return { ...rest, ...more, webhook_endpoint: endpoint }
}

function pagedV2(all: readonly { id: string }[], query: Readonly<Record<string, any>>): FakeAnswer {
  const size = Number(query['limit'] ?? 20)
  const { data, next, more } = pageOf(all, size, query['page'])
  const url = more ? `/v2/core/x?limit=${size}&page=${next}` : null
  return { json: { data, next_page_url: url, previous_page_url: null } }
}

const description = load('stripe')
const shape = (properties: object, required: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
const text = { type: 'string' }
const names = { type: 'array', items: text }
const payloads = { type: 'string', enum: ['snapshot', 'thin'] }
const page = { limit: { type: 'integer', maximum: 100 }, page: text }
const include = { include: names }
const metadata = { type: 'object', additionalProperties: { type: ['string', 'null'] } }
const change = {
  description: text,
  enabled_events: names,
  metadata,
  name: text,
  webhook_endpoint: shape({ url: text }, ['url']),
  ...include,
}

/** Operations that the description lacks. They follow the types of npm stripe 23.1.0. */
const V2: Description['operations'] = {
  'GET /v1/customers/{customer}': { query: shape({}) },
  'GET /v2/core/event_destinations': { query: shape({ ...page, ...include }) },
  'GET /v2/core/event_destinations/{id}': { query: shape(include) },
  'POST /v2/core/event_destinations': {
    body: shape(
      {
        ...change,
        event_payload: payloads,
        events_from: names,
        snapshot_api_version: text,
        type: text,
      },
      ['enabled_events', 'event_payload', 'name', 'type'],
    ),
  },
  'POST /v2/core/event_destinations/{id}': { body: shape(change) },
  'POST /v2/core/event_destinations/{id}/enable': { body: shape({}) },
  'POST /v2/core/event_destinations/{id}/disable': { body: shape({}) },
  'POST /v2/core/event_destinations/{id}/ping': { body: shape({}) },
  'DELETE /v2/core/event_destinations/{id}': {},
  'GET /v2/core/events': { query: shape({ ...page, object_id: text, types: names }) },
  'GET /v2/core/events/{id}': {},
}

function made(body: any, id: string): StripeEndpoint {
  return {
    id,
    url: body.url,
    enabled_events: body.enabled_events,
    status: 'enabled',
    api_version: body.api_version ?? null,
    metadata: { ...body.metadata },
    secret: `whsec_${id}_0123456789`,
  }
}

function ruleOf({ url, enabled_events: events }: any): string | undefined {
  if (!url?.startsWith('https://')) return 'Invalid URL: webhooks in live mode need HTTPS'
  if (events.length > 1 && events.includes('*')) return "'*' must stand alone"
  return undefined
}

function shown({ secret: _secret, ...endpoint }: StripeEndpoint): { id: string } {
  const more = { object: 'webhook_endpoint', application: null, created: 1, description: null }
  return { ...endpoint, ...more, livemode: false } as { id: string }
}

function eventOf({ delivered, ...event }: StripeEvent): { id: string } {
  return {
    ...event,
    object: 'event',
    data: { object: { id: `in_${event.id}` } },
    livemode: false,
    pending_webhooks: delivered ? 0 : 1,
    request: { id: null, idempotency_key: null },
  } as { id: string }
}

function paged(all: readonly { id: string }[], query: Readonly<Record<string, any>>): FakeAnswer {
  const size = Number(query['limit'] ?? 10)
  if (size > 100) return rejection(400, 'limit must be at most 100')
  const { data, more } = pageOf(all, size, query['starting_after'], ({ id }) => id)
  return { json: { object: 'list', data, has_more: more, url: '/v1/x' } }
}

function rejection(status: number, message: string): FakeAnswer {
  return { status, json: { error: { type: 'invalid_request_error', message } } }
}

function missing(message: string): FakeAnswer {
  return rejection(404, message)
}
