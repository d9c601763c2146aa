import { senderCall, type ApiCall } from '../common/client.ts'
import type { ApiOptions, MakerName } from '../common/options.ts'
import { row, asText } from '../common/read.ts'
import { numbered, pagesOf, type ListPages, type ReadPage } from '../common/rest.ts'

/** For the sandbox, the option `api` is `https://sandbox-api.polar.sh`. */
export function polarClient(name: MakerName, options: ApiOptions): ApiCall {
  return senderCall(name, options, {
    title: 'Polar',
    api: 'https://api.polar.sh',
    explain: (body) => {
      const { detail } = row(body)
      const details = Array.isArray(detail)
        ? detail.map((each) => asText(row(each)['msg']))
        : [asText(detail)]
      return details.join('; ') || undefined
    },
  })
}

export function polarPages(call: ApiCall, path: string, query: ListPages['query']): ReadPage {
  const next = ['page', numbered('pagination.max_page')] as const
  return pagesOf(call, 'Polar', path, { rows: 'items', query: { ...query, limit: 100 }, next })
}
