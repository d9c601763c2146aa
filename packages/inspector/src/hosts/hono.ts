import type { Context, HonoRequest } from 'hono'
import { createInspector } from '../inspector.ts'
import type { InspectorOptions } from '../options.ts'
import { readText } from '../request.ts'
import { consumed, webRequest, webResponse } from './web.ts'

/**
 * Makes a handler for Hono, on any of its runtimes. Hono handles errors that `auth` throws, such as an `HTTPException`.
 * Throws a `TypeError` that names a wrong option.
 *
 * @example
 * app.all('/postern/*', inspector({ inbox, auth: (c) => (c.get('user') ? { allow: 'all' } : c.redirect('/login')) }))
 */
export function inspector(
  options: InspectorOptions<readonly [context: Context]>,
): (context: Context) => Promise<Response> {
  const inspect = createInspector(options)
  return async (context) => {
    const { incoming } = (context.env ?? {}) as {
      readonly incoming?: {
        readonly socket?: { readonly remoteAddress?: string; readonly localPort?: number }
      }
    }
    const { raw } = context.req
    const request = webRequest(raw, [context] as const, {
      peer: incoming?.socket?.remoteAddress,
      port: incoming?.socket?.localPort,
      mount: /^(\/[^:*{]+)\/\*$/.exec(context.req.routePath)?.[1],
    })
    const body = async (most: number): Promise<unknown> =>
      raw.bodyUsed ? kept(context.req) : readText(raw.body, most)
    return webResponse(await inspect({ ...request, body }), raw.method)
  }
}

/** Returns the body that the app has read before, from Hono's cache. */
async function kept({ bodyCache }: HonoRequest): Promise<unknown> {
  // The values of the cache are promises, which its type does not say.
  const { text, json, parsedBody } = bodyCache as Readonly<Record<string, unknown>>
  const body = (await text) ?? (await json) ?? (await parsedBody)
  if (body === undefined) throw consumed()
  return body
}
