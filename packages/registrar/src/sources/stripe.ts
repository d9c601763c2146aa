import { stringifyJson } from '@postern/core/internal'
import { everyRow } from '../common/paging.ts'
import { checkOptions, checkUrl, type ApiOptions, type Token } from '../common/options.ts'
import { pagedSource } from '../common/paged-source.ts'
import { row, asText, time, type Fields } from '../common/read.ts'
import {
  checkPayload,
  stripeClient,
  stripePage,
  stripePageV2,
  type StripePayload,
  V2,
} from '../clients/stripe.ts'
import type { ApiCall } from '../common/client-types.ts'
import { RegistrarError } from '../errors.ts'
import type { PayloadSource } from '../source.ts'

/** Options of {@link stripeEvents}. */
export interface StripeEventsOptions extends ApiOptions {
  /** A secret key, or a restricted key that may read events and webhook endpoints. */
  readonly key: Token
  /** The URL of the endpoint, whose API version payloads are compared with. */
  readonly url: string
  /** A connected account, `acct_…`. An endpoint of Connect needs one source for each account. @default the own account */
  readonly account?: string
  /** Which events are listed: `thin` lists those of `/v2/core/events`. @default 'snapshot' */
  readonly payload?: StripePayload
}

/**
 * Events of the last 30 days at Stripe, with payloads; their ids are those of the webhooks. Stripe renders a listed event in
 * the API version of its creation, and a webhook in the endpoint's: `version` and each event's `version` say which. Undelivered
 * means that some endpoint of the account did not take it. Of thin events the API does not say which were delivered: all of
 * the range are listed, those that no destination subscribes to among them.
 *
 * API: https://docs.stripe.com/webhooks/process-undelivered-events
 *
 * @example
 * const source = stripeEvents({ key: process.env.STRIPE_KEY!, url: 'https://app.example/stripe' })
 */
export function stripeEvents(options: StripeEventsOptions): PayloadSource {
  checkOptions('stripeEvents', options)
  checkUrl('stripeEvents: url', options.url)
  checkPayload('stripeEvents', options.payload)
  const { account, url } = options
  const call = stripeClient('stripeEvents', options)
  // Endpoints belong to the platform, also those that get the events of connected accounts.
  const { account: _account, payload, ...own } = options
  if (payload === 'thin') return thinEvents(stripeClient('stripeEvents', own), options)
  const callOwn = stripeClient('stripeEvents', own)

  return pagedSource<Fields>({
    provider: 'stripe',
    account: account === undefined ? 'account' : `account ${account}`,
    async page(cursor, { since, until, undelivered }) {
      const query = {
        'created[gte]': Math.floor(since / 1000),
        'created[lte]': Math.floor(until / 1000),
        starting_after: cursor,
        ...(undelivered && { delivery_success: 'false' }),
      }
      return stripePage(call, '/v1/events', query)
    },
    one: async (id) => row((await call('GET', `/v1/events/${id}`)).json),
    event: (item) => ({
      id: asText(item['id']),
      topic: asText(item['type']),
      at: Number(asText(item['created']) || Number.NaN) * 1000,
      undelivered: Number(item['pending_webhooks']) > 0,
      version: asText(item['api_version']),
    }),
    delivery: (item) => ({
      url,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      // The list of a connected account does not always name the account, and a webhook does.
      body: stringifyJson(account === undefined ? item : { ...item, account }),
    }),
    async version() {
      const endpoints = await everyRow('Stripe', async (after) =>
        stripePage(callOwn, '/v1/webhook_endpoints', { starting_after: after }),
      )
      const found = endpoints.find((endpoint) => endpoint['url'] === url)
      if (found !== undefined) return asText(found['api_version']) || undefined
      throw new RegistrarError('not_found', 'Stripe: no endpoint has this URL')
    },
  })
}

function thinEvents(call: ApiCall, { account, url }: StripeEventsOptions): PayloadSource {
  const headers = { ...V2, ...(account !== undefined && { 'stripe-context': account }) }
  return pagedSource<Fields>({
    provider: 'stripe',
    account: account === undefined ? 'account, thin events' : `account ${account}, thin events`,
    page: async (page) => stripePageV2(call, '/v2/core/events', { page }, headers),
    one: async (id) => row((await call('GET', `/v2/core/events/${id}`, { headers })).json),
    event: (item) => ({
      id: asText(item['id']),
      topic: asText(item['type']),
      at: time(item['created']),
      undelivered: undefined,
    }),
    delivery({ data: _data, ...item }) {
      // The API adds data that a delivery does not have, and does not always name the account.
      const context = account === undefined ? {} : { context: account }
      return {
        url,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: stringifyJson({ ...item, ...context }),
      }
    },
  })
}
