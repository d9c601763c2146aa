import { senderCall, type ApiCall } from '../common/client.ts'
import type { ApiOptions, MakerName, Token } from '../common/options.ts'

/** Makes a function that calls Svix's API. The last part of a token names the region, such as `….eu`. */
export function svixClient(
  name: MakerName,
  options: ApiOptions & { readonly token: Token },
): ApiCall {
  const [, region] = /\.(us|eu|in|ca|au)$/.exec(String(options.token)) ?? []
  return senderCall(name, options, {
    title: 'Svix',
    api: `https://api.${region === undefined ? '' : `${region}.`}svix.com`,
  })
}
