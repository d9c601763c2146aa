import type { ApiCall, ApiRequest } from '../common/client-types.ts'
import { createApiCall } from '../common/client.ts'
import { tokenOf, type ApiOptions, type Token } from '../common/options.ts'
import { row, rows, asText, type Fields } from '../common/read.ts'
import type { SourcePage } from '../common/paging.ts'

/** Calls Stripe's API with a key. */
export function stripeClient(
  name: string,
  options: ApiOptions & { readonly key: Token; readonly account?: string },
): ApiCall {
  const key = tokenOf(`${name}: key`, options.key)
  return createApiCall({
    ...options,
    title: 'Stripe',
    api: options.api ?? 'https://api.stripe.com',
    headers: async () => ({
      authorization: `Bearer ${await key()}`,
      ...(options.account !== undefined && { 'stripe-account': options.account }),
    }),
  })
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
