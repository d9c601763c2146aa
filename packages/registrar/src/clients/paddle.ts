import { senderCall, type ApiCall } from '../common/client.ts'
import type { ApiOptions, MakerName, Token } from '../common/options.ts'
import { linkQuery, row, rows, asText, type Fields } from '../common/read.ts'
import type { SourcePage } from '../common/paging.ts'

/** Makes a function that calls Paddle's API, or its sandbox if the key starts with `pdl_sdbx_`. */
export function paddleClient(
  name: MakerName,
  options: ApiOptions & { readonly key: Token },
): ApiCall {
  const sandbox = String(options.key).startsWith('pdl_sdbx_')
  return senderCall(name, options, {
    title: 'Paddle',
    api: `https://${sandbox ? 'sandbox-' : ''}api.paddle.com`,
    explain: (body) => asText(row(row(body)['error'])['detail']) || undefined,
  })
}

/** Returns one page of a list. */
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
