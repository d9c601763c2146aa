// Stripe's webhook endpoints and events, as https://docs.stripe.com/api has them.
import { load } from './description.ts'
import { startFake, type Fake, type FakeAnswer, type FakeRequest } from './fake.ts'

export const STRIPE_KEY = 'rk_test_fake0123456789fake0123456789'

export interface StripeEvent {
  readonly id: string
  readonly type: string
  /** Seconds. */
  readonly created: number
  readonly api_version: string
  readonly delivered: boolean
  readonly account?: string
}

export interface StripeState {
  /** Newest first. */
  events?: StripeEvent[]
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

export async function startStripe(
  state: StripeState = {},
): Promise<Fake & { readonly endpoints: readonly StripeEndpoint[] }> {
  let next = 1
  const answered = new Map<string, FakeAnswer>()
  const endpoints = [
    made({ url: 'https://stranger.example/hooks', enabled_events: ['*'] }, 'we_stranger'),
  ]
  const one = (
    request: FakeRequest,
    then: (endpoint: StripeEndpoint) => FakeAnswer,
  ): FakeAnswer => {
    const id = request.params['webhook_endpoint'] ?? ''
    const found = endpoints.find((endpoint) => endpoint.id === id)
    return found ? then(found) : missing(`No such webhook endpoint: '${id}'`)
  }
  const fake = await startFake({
    description: load('stripe'),
    reject: ({ authorization }) =>
      authorization === `Bearer ${STRIPE_KEY}`
        ? undefined
        : rejection(401, `Invalid API Key provided: ${authorization?.slice(7)}`),
    invalid: (reason) => rejection(400, reason),
    routes: {
      'GET /v1/webhook_endpoints': ({ query }) => paged(endpoints.map(shown), query),
      'GET /v1/webhook_endpoints/{webhook_endpoint}': (request) =>
        one(request, (endpoint) => ({ json: shown(endpoint) })),
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
      'POST /v1/webhook_endpoints/{webhook_endpoint}': (request) =>
        one(request, (endpoint) => {
          const { metadata = {}, disabled, ...rest } = request.body
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
      'DELETE /v1/webhook_endpoints/{webhook_endpoint}': (request) =>
        one(request, (endpoint) => {
          endpoints.splice(endpoints.indexOf(endpoint), 1)
          return { json: { id: endpoint.id, object: 'webhook_endpoint', deleted: true } }
        }),
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
  return { ...fake, endpoints }
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
  const after = query['starting_after'] as string | undefined
  const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
  const data = all.slice(from, from + size)
  const more = { has_more: from + size < all.length, url: '/v1/x' }
  return { json: { object: 'list', data, ...more } }
}

function rejection(status: number, message: string): FakeAnswer {
  return { status, json: { error: { type: 'invalid_request_error', message } } }
}

function missing(message: string): FakeAnswer {
  return rejection(404, message)
}
