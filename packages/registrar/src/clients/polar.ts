import { senderCall, type ApiCall } from '../common/client.ts'
import { everyRow } from '../common/paging.ts'
import type { ApiOptions, MakerName } from '../common/options.ts'
import { row, rows, asText, type Fields } from '../common/read.ts'

/** Makes a function that calls Polar's API. For the sandbox, the option `api` is `https://sandbox-api.polar.sh`. */
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

/** Returns the rows of all pages of a list. */
export async function polarPages(
  call: ApiCall,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<readonly Fields[]> {
  return everyRow('Polar', async (page = '1') => {
    const { json } = await call('GET', path, { query: { ...query, page, limit: 100 } })
    const isLast = !(Number(page) < Number(row(row(json)['pagination'])['max_page']))
    const next = isLast ? undefined : String(Number(page) + 1)
    return { items: rows(row(json)['items'], 'Polar'), next }
  })
}
