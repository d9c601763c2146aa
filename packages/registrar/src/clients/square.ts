import type { ApiCall } from '../common/client-types.ts'
import { createApiCall } from '../common/client.ts'
import { tokenOf, type ApiOptions, type Token } from '../common/options.ts'
import { row, rows, asText } from '../common/read.ts'

/** Calls Square; another host, such as the sandbox's `https://connect.squareupsandbox.com`, is the option `api`. */
export function squareClient(
  name: string,
  options: ApiOptions & { readonly token: Token },
): ApiCall {
  const token = tokenOf(`${name}: token`, options.token)
  return createApiCall({
    ...options,
    title: 'Square',
    api: options.api ?? 'https://connect.squareup.com',
    headers: async () => ({
      authorization: `Bearer ${await token()}`,
      'square-version': '2026-09-16',
    }),
    explain: (body) => {
      const errors = rows(row(body)['errors'] ?? [], 'Square')
      return errors.map(({ code, detail }) => `${asText(code)} ${asText(detail)}`.trim()).join('; ')
    },
  })
}
