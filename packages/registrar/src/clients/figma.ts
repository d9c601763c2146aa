import type { ApiCall } from '../common/client-types.ts'
import { createApiCall } from '../common/client.ts'
import { checkOptions, tokenOf, type ApiOptions, type Token } from '../common/options.ts'
import { row, rows, asText, type Fields } from '../common/read.ts'

/** Where webhooks live at Figma. */
export interface FigmaContext extends ApiOptions {
  /** A personal access token (`figd_…`), or an OAuth token, that may write webhooks. */
  readonly token: Token
  /** What the webhook watches. */
  readonly context: 'team' | 'project' | 'file'
  /** The id of the team, the project or the file. */
  readonly contextId: string
}

/** Calls Figma: personal tokens have a header of their own. */
export function figmaClient(
  name: 'figmaRegistrar' | 'figmaEvents',
  options: FigmaContext,
): ApiCall {
  checkOptions(name, options)
  const token = tokenOf(`${name}: token`, options.token)
  return createApiCall({
    ...options,
    title: 'Figma',
    api: options.api ?? 'https://api.figma.com',
    headers: async () => {
      const value = await token()
      return value.startsWith('figd_')
        ? { 'x-figma-token': value }
        : { authorization: `Bearer ${value}` }
    },
    explain: (body) => asText(row(body)['message'] ?? row(body)['err']) || undefined,
  })
}

/** The webhooks of a context, as Figma has them: with their passcodes. */
export async function figmaWebhooks(
  call: ApiCall,
  { context, contextId }: FigmaContext,
): Promise<readonly Fields[]> {
  const { json } = await call('GET', '/v2/webhooks', { query: { context, context_id: contextId } })
  return rows(row(json)['webhooks'], 'Figma')
}
