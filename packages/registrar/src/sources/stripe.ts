import {
  checkPayload,
  stripeClient,
  stripePages,
  stripePagesV2,
  type StripePayload,
  V2,
} from '../clients/stripe.ts'
import type { ApiCall } from '../common/client.ts'
import { checkUrl, type ApiOptions, type Token } from '../common/options.ts'
import { pagedSource } from '../common/paging.ts'
import { row, asText, time } from '../common/read.ts'
import { everyRow } from '../common/rest.ts'
import { RegistrarError } from '../errors.ts'
import type { PayloadSource } from '../source.ts'

/** Options of {@link stripeEvents}. */
export interface StripeEventsOptions extends ApiOptions {
  /** A secret key, or a restricted key that may read events and webhook endpoints. */
  readonly key: Token
  /** The URL of the endpoint. The payloads must have the API version of this endpoint. */
  readonly url: string
  /**
   * A connected account, `acct_…`. An endpoint for connected accounts needs one source per account.
   * @default your account
   */
  readonly account?: string
  /** Kind of the listed events: `thin` lists `/v2/core/events`. @default 'snapshot' */
  readonly payload?: StripePayload
}

/**
 * Lists events of the last 30 days at Stripe, with payloads and the ids of their webhooks. A listed event has the API
 * version that was current at its creation, and a webhook has the version of the endpoint. So `catchUp` compares the
 * two versions. An event counts as undelivered if any endpoint of the account did not accept it. For thin events, the
 * API does not say which were delivered. So all events of the range are listed, even events that no destination gets.
 *
 * API: https://docs.stripe.com/webhooks/process-undelivered-events
 *
 * @example
 * const source = stripeEvents({ key: process.env.STRIPE_KEY!, url: 'https://app.example/stripe' })
 */
export function stripeEvents(options: StripeEventsOptions): PayloadSource {
  const call = stripeClient('stripeEvents', options)
  checkUrl('stripeEvents: url', options.url)
  checkPayload('stripeEvents', options.payload)
  const { account, url } = options
  // Even endpoints for events of connected accounts belong to your own account, so endpoints are read without
  // `account`.
  const { account: _account, payload, ...own } = options
  if (payload === 'thin') return thinEvents(stripeClient('stripeEvents', own), options)
  const callOwn = stripeClient('stripeEvents', own)

  return pagedSource({
    provider: 'stripe',
    account: account === undefined ? 'account' : `account ${account}`,
    page: (cursor, { since, until, undelivered }) =>
      stripePages(call, '/v1/events', {
        'created[gte]': Math.floor(since / 1000),
        'created[lte]': Math.floor(until / 1000),
        ...(undelivered && { delivery_success: 'false' }),
      })(cursor),
    one: async (id) => row((await call('GET', `/v1/events/${id}`)).json),
    event: (item) => ({
      id: asText(item['id']),
      topic: asText(item['type']),
      at: Number(asText(item['created']) || Number.NaN) * 1000,
      undelivered: Number(item['pending_webhooks']) > 0,
      version: asText(item['api_version']),
    }),
    url,
    headers: HEADERS,
    // A webhook for a connected account has the member `account`. The listed event may lack this member.
    payload: (item) => (account === undefined ? item : { ...item, account }),
    async version() {
      const endpoints = await everyRow('Stripe', stripePages(callOwn, '/v1/webhook_endpoints'))
      const found = endpoints.find((endpoint) => endpoint['url'] === url)
      if (found !== undefined) return asText(found['api_version']) || undefined
      throw new RegistrarError('not_found', 'Stripe: no endpoint has this URL')
    },
  })
}

const HEADERS = { 'content-type': 'application/json; charset=utf-8' }

function thinEvents(call: ApiCall, { account, url }: StripeEventsOptions): PayloadSource {
  const context = account === undefined ? {} : { context: account }
  const headers = { ...V2, ...(account !== undefined && { 'stripe-context': account }) }
  return pagedSource({
    provider: 'stripe',
    account: account === undefined ? 'account, thin events' : `account ${account}, thin events`,
    page: stripePagesV2(call, '/v2/core/events', { headers }),
    one: async (id) => row((await call('GET', `/v2/core/events/${id}`, { headers })).json),
    event: (item) => ({
      id: asText(item['id']),
      topic: asText(item['type']),
      at: time(item['created']),
      undelivered: undefined,
    }),
    url,
    headers: HEADERS,
    // Deliveries of thin events have no `data`. They have the account in `context`, which the answer may lack.
    payload: ({ data: _data, ...item }) => ({ ...item, ...context }),
  })
}
