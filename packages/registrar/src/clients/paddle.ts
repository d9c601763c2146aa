import type { ApiCall } from '../common/client-types.ts'
import { createApiCall } from '../common/client.ts'
import { bearer, tokenOf, type ApiOptions, type Token } from '../common/options.ts'
import { linkQuery, row, rows, asText, type Fields } from '../common/read.ts'
import type { SourcePage } from '../common/paging.ts'

/** Calls Paddle. Keys of the sandbox say so. */
export function paddleClient(name: string, options: ApiOptions & { readonly key: Token }): ApiCall {
  const key = tokenOf(`${name}: key`, options.key)
  const sandbox = String(options.key).startsWith('pdl_sdbx_')
  return createApiCall({
    ...options,
    title: 'Paddle',
    api: options.api ?? `https://${sandbox ? 'sandbox-' : ''}api.paddle.com`,
    headers: bearer(key),
    explain: (body) => asText(row(row(body)['error'])['detail']) || undefined,
  })
}

/** One page of a list. */
export async function paddlePage(
  call: ApiCall,
  path: string,
  query: Readonly<Record<string, string | number>>,
  cursor?: string,
): Promise<SourcePage<Fields>> {
  const { json } = await call('GET', path, { query: { ...query, per_page: 200, after: cursor } })
  const { has_more: more, next } = row(row(row(json)['meta'])['pagination'])
  const after = more === true ? linkQuery(next, 'Paddle').get('after') : null
  return { items: rows(row(json)['data'], 'Paddle'), next: after ?? undefined }
}
