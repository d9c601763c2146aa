import { senderCall, type ApiCall, type ApiRequest } from '../common/client.ts'
import type { ApiOptions, MakerName } from '../common/options.ts'
import { row, rows, asText, type Fields } from '../common/read.ts'
import type { SourcePage } from '../common/paging.ts'

/** Kind of the payloads of an event destination. */
export type StripePayload = 'snapshot' | 'thin'

/** Throws a `TypeError` for a payload that Stripe does not have. */
export function checkPayload(name: string, payload: string | undefined): void {
  if (payload !== undefined && payload !== 'snapshot' && payload !== 'thin')
    throw new TypeError(`${name}: payload: must be 'snapshot' or 'thin', got ${payload as string}`)
}

const API = 'https://api.stripe.com'

/** Makes a function that calls Stripe's API. */
export function stripeClient(
  name: MakerName,
  options: ApiOptions & { readonly account?: string },
): ApiCall {
  return senderCall(name, options, {
    title: 'Stripe',
    api: API,
    headers: (key) => ({
      authorization: `Bearer ${key}`,
      ...(options.account !== undefined && { 'stripe-account': options.account }),
    }),
  })
}

/** Headers of requests under `/v2`, where Stripe requires a version. */
export const V2: Readonly<Record<string, string>> = { 'stripe-version': '2026-10-28.endive' }

/** Returns one page of a list under `/v2`. Its `next` is the value of the parameter `page` for the next page. */
export async function stripePageV2(
  call: ApiCall,
  path: string,
  query: ApiRequest['query'],
  headers: ApiRequest['headers'] = V2,
): Promise<SourcePage<Fields>> {
  const { json } = await call('GET', path, { query: { limit: 100, ...query }, headers })
  const url = asText(row(json)['next_page_url'])
  // Only the parameter of this URL is used, because a request to another host would send the key there.
  const next = URL.canParse(url, API) ? new URL(url, API).searchParams.get('page') : null
  return { items: rows(row(json)['data'], 'Stripe'), next: url === '' ? undefined : (next ?? '') }
}

/** Returns one page of a list. Its `next` is the value of the parameter `starting_after` for the next page. */
export async function stripePage(
  call: ApiCall,
  path: string,
  query: ApiRequest['query'],
): Promise<SourcePage<Fields>> {
  const { json } = await call('GET', path, { query: { limit: 100, ...query } })
  const items = rows(row(json)['data'], 'Stripe')
  return { items, next: row(json)['has_more'] === true ? asText(items.at(-1)?.['id']) : undefined }
}
