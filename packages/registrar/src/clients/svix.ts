import { senderCall, type ApiCall } from '../common/client.ts'
import type { ApiOptions, MakerName, Token } from '../common/options.ts'

/** Calls Svix. A token ends with its region: `….eu`. */
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
