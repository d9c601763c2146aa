import { senderCall, type ApiCall } from '../common/client.ts'
import type { ApiOptions, MakerName } from '../common/options.ts'
import { row, asText } from '../common/read.ts'
import { pagesOf, type ListPages, type ReadPage } from '../common/rest.ts'

/** Payload of an event destination: the whole object (`snapshot`), or an event without the object (`thin`). */
export type StripePayload = 'snapshot' | 'thin'

export function checkPayload(name: string, payload: string | undefined): void {
  if (payload !== undefined && payload !== 'snapshot' && payload !== 'thin')
    throw new TypeError(`${name}: payload: must be 'snapshot' or 'thin', got ${payload as string}`)
}

const API = 'https://api.stripe.com'

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

/** Under `/v2`, Stripe requires a version. */
export const V2: Readonly<Record<string, string>> = { 'stripe-version': '2026-10-28.endive' }

export function stripePagesV2(call: ApiCall, path: string, more: ListPages): ReadPage {
  return pagesOf(call, 'Stripe', path, {
    headers: V2,
    ...more,
    rows: 'data',
    query: { limit: 100, ...more.query },
    next: [
      'page',
      ({ json }) => {
        const url = asText(row(json)['next_page_url'])
        if (url === '') return undefined
        // A request to the URL in the answer could send the key to another host. So only the URL's parameter `page` is
        // used.
        return (URL.canParse(url, API) && new URL(url, API).searchParams.get('page')) || ''
      },
    ],
  })
}

/** Reads the pages of a list under `/v1`. */
export function stripePages(call: ApiCall, path: string, query?: ListPages['query']): ReadPage {
  return pagesOf(call, 'Stripe', path, {
    rows: 'data',
    query: { limit: 100, ...query },
    next: [
      'starting_after',
      ({ json }, _after, items) =>
        row(json)['has_more'] === true ? asText(items.at(-1)?.['id']) : undefined,
    ],
  })
}
