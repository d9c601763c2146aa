import { senderCall, type ApiCall } from '../common/client.ts'
import type { ApiOptions, Token } from '../common/options.ts'
import { row, rows, asText, type Fields } from '../common/read.ts'

/** The object at Figma whose webhooks are managed, and the token. */
export interface FigmaContext extends ApiOptions {
  /** A personal access token (`figd_…`), or an OAuth token, that may write webhooks. */
  readonly token: Token
  /** The kind of the watched object. */
  readonly context: 'team' | 'project' | 'file'
  /** The id of the team, the project or the file. */
  readonly contextId: string
}

/** Figma has its own header for personal tokens. */
export function figmaClient(
  name: 'figmaRegistrar' | 'figmaEvents',
  options: FigmaContext,
): ApiCall {
  return senderCall(name, options, {
    title: 'Figma',
    api: 'https://api.figma.com',
    headers: (token) =>
      token.startsWith('figd_') ? { 'x-figma-token': token } : { authorization: `Bearer ${token}` },
    explain: (body) => asText(row(body)['message'] ?? row(body)['err']) || undefined,
  })
}

/** The webhooks include their passcodes, which must not be printed. */
export async function figmaWebhooks(
  call: ApiCall,
  { context, contextId }: FigmaContext,
): Promise<readonly Fields[]> {
  const { json } = await call('GET', '/v2/webhooks', { query: { context, context_id: contextId } })
  return rows(row(json)['webhooks'], 'Figma')
}
