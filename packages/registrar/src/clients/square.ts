import { senderCall, type ApiCall } from '../common/client.ts'
import type { ApiOptions, MakerName } from '../common/options.ts'
import { row, rows, asText } from '../common/read.ts'

/** For the sandbox, the option `api` is `https://connect.squareupsandbox.com`. */
export function squareClient(name: MakerName, options: ApiOptions): ApiCall {
  return senderCall(name, options, {
    title: 'Square',
    api: 'https://connect.squareup.com',
    headers: (token) => ({ authorization: `Bearer ${token}`, 'square-version': '2026-09-16' }),
    explain: (body) => {
      const errors = rows(row(body)['errors'] ?? [], 'Square')
      return errors.map(({ code, detail }) => `${asText(code)} ${asText(detail)}`.trim()).join('; ')
    },
  })
}
