import { readStart } from '@postern/core/internal'
import type { Provider } from '@postern/core/scheme'
import { audit, type AuditOptions } from './audit.ts'
import type { AuditReply, AuditRequest } from './request.ts'
import type { AuditReport } from './report.ts'

/** Options of {@link auditHandler}. */
export interface AuditHandlerOptions extends Omit<AuditOptions, 'send' | 'provider' | 'life'> {
  /** Provider with the secret of the handler. The provider must be able to sign. */
  readonly provider: Provider
}

// Maximum number of bytes that are read of a reply.
const MOST = 65_536

/**
 * Audits a fetch handler in this process and returns the report. The handler can be a route of Next.js, an app of Hono,
 * or a receiver of Postern. Cases that need a network are not played. To play these cases too, use `npx postern audit`.
 *
 * @throws {TypeError} if the provider cannot sign.
 * @example
 * test('our route is right', async () => {
 *   const report = await auditHandler(POST, { provider: stripe({ secret }), effect: () => orders.length })
 *   expect(report.findings).toEqual([])
 * })
 */
export function auditHandler(
  handler: (request: Request) => Response | Promise<Response>,
  options: AuditHandlerOptions,
): Promise<AuditReport> {
  return audit({ ...options, send: (request) => call(handler, request) })
}

async function call(
  handler: (request: Request) => Response | Promise<Response>,
  request: AuditRequest,
): Promise<AuditReply> {
  const started = performance.now()
  const since = (): number => performance.now() - started
  try {
    const response = await handler(toFetch(request))
    const body = new TextDecoder().decode(await readStart(response.body, MOST))
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body,
      ms: since(),
    }
  } catch (error) {
    // A framework replies with 500 if its route throws.
    const { stack = String(error) } = error as Error
    return { status: 500, headers: {}, body: '', ms: since(), error: `it threw: ${stack}` }
  }
}

function toFetch({ method, url, headers, body }: AuditRequest): Request {
  const lines = new Headers()
  for (const [name, value] of headers) lines.append(name, value)
  const empty = method === 'GET' || method === 'HEAD' || body.length === 0
  return new Request(url, { method, headers: lines, ...(!empty && { body: Buffer.from(body) }) })
}
