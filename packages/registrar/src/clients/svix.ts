import { senderCall, type ApiCall } from '../common/client.ts'
import type { ApiOptions, MakerName, Token } from '../common/options.ts'
import { asText, memberIn } from '../common/read.ts'
import { pagesOf, type ListPages, type ReadPage } from '../common/rest.ts'

/** The last part of a token names the region of the API, such as `….eu`. */
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

export function svixPages(call: ApiCall, path: string, query?: ListPages['query']): ReadPage {
  return pagesOf(call, 'Svix', path, {
    rows: 'data',
    query: { limit: 250, ...query },
    next: [
      'iterator',
      ({ json }) =>
        memberIn(json, 'done') === true
          ? undefined
          : asText(memberIn(json, 'iterator')) || undefined,
    ],
  })
}
