import { senderCall, type ApiCall } from '../common/client.ts'
import type { ApiOptions, MakerName, Token } from '../common/options.ts'
import { memberIn, linkQuery, row, asText } from '../common/read.ts'
import { pagesOf, type ListPages, type ReadPage } from '../common/rest.ts'

/** Keys that start with `pdl_sdbx_` are for the sandbox, which has its own API. */
export function paddleClient(
  name: MakerName,
  options: ApiOptions & { readonly key: Token },
): ApiCall {
  const sandbox = String(options.key).startsWith('pdl_sdbx_')
  return senderCall(name, options, {
    title: 'Paddle',
    api: `https://${sandbox ? 'sandbox-' : ''}api.paddle.com`,
    explain: (body) => asText(memberIn(body, 'error.detail')) || undefined,
  })
}

export function paddlePages(call: ApiCall, path: string, query?: ListPages['query']): ReadPage {
  return pagesOf(call, 'Paddle', path, {
    rows: 'data',
    query: { ...query, per_page: 200 },
    next: [
      'after',
      ({ json }) => {
        const { has_more: more, next } = row(memberIn(json, 'meta.pagination'))
        return more === true ? (linkQuery(next, 'Paddle').get('after') ?? undefined) : undefined
      },
    ],
  })
}
