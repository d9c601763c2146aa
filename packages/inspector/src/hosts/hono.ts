import type { Context, HonoRequest } from 'hono'
import { createInspector } from '../inspector.ts'
import type { InspectorOptions } from '../options.ts'
import { readText } from '../request.ts'
import { consumed, webRequest, webResponse } from './web.ts'

/**
 * Makes a handler for Hono, on any of its runtimes. Errors that `auth` throws, and its `HTTPException`, continue to Hono.
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

/** Returns the body that a parser of the app has read and Hono keeps. */
async function kept({ bodyCache }: HonoRequest): Promise<unknown> {
  // These are promises, which the type omits.
  const { text, json, parsedBody } = bodyCache as Readonly<Record<string, unknown>>
  const body = (await text) ?? (await json) ?? (await parsedBody)
  if (body === undefined) throw consumed()
  return body
}
