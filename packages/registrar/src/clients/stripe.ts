import type { ApiCall, ApiRequest } from '../common/client-types.ts'
import { createApiCall } from '../common/client.ts'
import { tokenOf, type ApiOptions, type Token } from '../common/options.ts'
import { row, rows, asText, type Fields } from '../common/read.ts'
import type { SourcePage } from '../common/paging.ts'

/** What an event destination sends. */
export type StripePayload = 'snapshot' | 'thin'

/** Throws a `TypeError` for a payload that Stripe does not have. */
export function checkPayload(name: string, payload: string | undefined): void {
  if (payload !== undefined && payload !== 'snapshot' && payload !== 'thin')
    throw new TypeError(`${name}: payload: must be 'snapshot' or 'thin', got ${payload as string}`)
}

const API = 'https://api.stripe.com'

/** Calls Stripe's API with a key. */
export function stripeClient(
  name: string,
  options: ApiOptions & { readonly key: Token; readonly account?: string },
): ApiCall {
  const key = tokenOf(`${name}: key`, options.key)
  return createApiCall({
    ...options,
    title: 'Stripe',
    api: options.api ?? API,
    headers: async () => ({
      authorization: `Bearer ${await key()}`,
      ...(options.account !== undefined && { 'stripe-account': options.account }),
    }),
  })
}

/** Headers of requests under `/v2`, which Stripe answers in a named version alone. */
export const V2: Readonly<Record<string, string>> = { 'stripe-version': '2026-10-28.endive' }

/** One page of a list under `/v2`; `next` is what `page` takes. */
export async function stripePageV2(
  call: ApiCall,
  path: string,
  query: ApiRequest['query'],
  headers: ApiRequest['headers'] = V2,
): Promise<SourcePage<Fields>> {
  const { json } = await call('GET', path, { query: { limit: 100, ...query }, headers })
  const url = asText(row(json)['next_page_url'])
  // Its host is not followed: the key stays with the API that was given.
  const next = URL.canParse(url, API) ? new URL(url, API).searchParams.get('page') : null
  return { items: rows(row(json)['data'], 'Stripe'), next: url === '' ? undefined : (next ?? '') }
}

/** One page of a list; `next` is what `starting_after` takes. */
export async function stripePage(
  call: ApiCall,
  path: string,
  query: ApiRequest['query'],
): Promise<SourcePage<Fields>> {
  const { json } = await call('GET', path, { query: { limit: 100, ...query } })
  const items = rows(row(json)['data'], 'Stripe')
  return { items, next: row(json)['has_more'] === true ? asText(items.at(-1)?.['id']) : undefined }
}
