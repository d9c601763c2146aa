import type { ApiCall } from '../common/client-types.ts'
import { createApiCall } from '../common/client.ts'
import { bearer, tokenOf, type ApiOptions, type Token } from '../common/options.ts'

/** Calls Svix. A token ends in its region: `….eu`. */
export function svixClient(name: string, options: ApiOptions & { readonly token: Token }): ApiCall {
  const token = tokenOf(`${name}: token`, options.token)
  const [, region] = /\.(us|eu|in|ca|au)$/.exec(String(options.token)) ?? []
  return createApiCall({
    ...options,
    title: 'Svix',
    api: options.api ?? `https://api.${region === undefined ? '' : `${region}.`}svix.com`,
    headers: bearer(token),
  })
}
