import type { Context } from 'hono'
import { createInspector } from '../inspector.ts'
import type { InspectorOptions } from '../options.ts'
import { webRequest, webResponse } from './web.ts'

/**
 * Makes a handler for Hono, on any of its runtimes. Errors that `auth` throws, and its `HTTPException`, go on to Hono.
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
      readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } }
    }
    const { raw } = context.req
    const request = webRequest(raw, [context] as const, incoming?.socket?.remoteAddress)
    // A parser of the app may have read the body: Hono keeps it.
    const body = async (): Promise<unknown> => context.req.text()
    return webResponse(await inspect({ ...request, body }), raw.method)
  }
}
