import type { Context } from 'koa'
import { createInspector } from '../inspector.ts'
import type { InspectorOptions } from '../options.ts'
import { finished, nodeRequest } from './node-host.ts'

/**
 * Makes a middleware for Koa 3 and 2 that serves the inspector. Mount the middleware on a path with `koa-mount`, or
 * with a router's `all('/postern{/*path}')`. The middleware does not call `next`. Koa handles errors that `auth`
 * throws. Throws a `TypeError` that names a wrong option.
 *
 * @example
 * app.use(mount('/postern', inspector({ inbox, auth: (context) => context.session.admin && { allow: 'all' } })))
 */
export function inspector(
  options: InspectorOptions<readonly [context: Context]>,
): (context: Context) => Promise<void> {
  const inspect = createInspector(options)
  return async function posternInspector(context) {
    const request = nodeRequest<readonly [Context]>(
      context.req,
      context.originalUrl,
      [context],
      // True if `auth` has set a reply in the context, such as a redirect. Koa sends that reply.
      () => context.headerSent || context.respond === false || context.status !== 404,
      { mount: mountOf(context), parsed: () => (context.request as { body?: unknown }).body },
    )
    const given = await inspect(request)
    if (given === undefined) return
    const { status, headers, body } = await finished(given, request)
    context.status = status
    context.set(headers)
    context.body =
      body instanceof Uint8Array
        ? Buffer.from(body)
        : // If the body fails, Koa 2 would leave the connection open.
          body.once('error', () => context.res.destroy())
  }
}

/** Returns the mount path: the part of the original path that one or more mounts have removed. */
function mountOf({ originalUrl, path }: Context): string | undefined {
  const whole = originalUrl.split(/[?#]/, 1)[0]!
  const rest = path === '/' && !whole.endsWith('/') ? '' : path
  return whole.endsWith(rest) && whole !== rest
    ? whole.slice(0, whole.length - rest.length)
    : undefined
}
