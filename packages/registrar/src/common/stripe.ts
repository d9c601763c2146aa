import type { Call } from './client-types.ts'
import { createClient } from './client.ts'
import { tokenOf, type ApiOptions, type Token } from './options.ts'

/** Calls Stripe's API with a key. */
export function stripeClient(
  name: string,
  options: ApiOptions & { readonly key: Token; readonly account?: string },
): Call {
  const key = tokenOf(`${name}: key`, options.key)
  return createClient({
    ...options,
    title: 'Stripe',
    api: options.api ?? 'https://api.stripe.com',
    headers: async () => ({
      authorization: `Bearer ${await key()}`,
      ...(options.account !== undefined && { 'stripe-account': options.account }),
    }),
  })
}
