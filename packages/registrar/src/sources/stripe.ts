import { stringifyJson } from '@postern/core/internal'
import { everyRow } from '../common/paging.ts'
import { checkOptions, checkUrl, type ApiOptions, type Token } from '../common/options.ts'
import { pagedSource } from '../common/paged-source.ts'
import { row, asText, type Fields } from '../common/read.ts'
import { stripeClient, stripePage } from '../clients/stripe.ts'
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
}

/**
 * Events of the last 30 days at Stripe, with payloads; their ids are those of the webhooks. Stripe renders a listed event in
 * the API version of its creation, and a webhook in the endpoint's: `version` and each event's `version` say which. Undelivered
 * means that some endpoint of the account did not take it.
 *
 * API: https://docs.stripe.com/webhooks/process-undelivered-events
 *
 * @example
 * const source = stripeEvents({ key: process.env.STRIPE_KEY!, url: 'https://app.example/stripe' })
 */
export function stripeEvents(options: StripeEventsOptions): PayloadSource {
  checkOptions('stripeEvents', options)
  checkUrl('stripeEvents: url', options.url)
  const { account, url } = options
  const call = stripeClient('stripeEvents', options)
  // Endpoints belong to the platform, also those that get the events of connected accounts.
  const { account: _account, ...own } = options
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
