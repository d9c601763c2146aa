import { createInspector } from '../inspector.ts'
import type { InspectorOptions } from '../options.ts'
import { webRequest, webResponse } from './web.ts'

/**
 * Makes a handler for Web standard requests: Bun, Deno, SvelteKit, Astro and others. The handler rejects only if `auth`
 * throws. Throws a `TypeError` that names a wrong option.
 *
 * @example
 * const inspect = inspector({ inbox, auth: { token: process.env.POSTERN_TOKEN! } })
 * if (new URL(request.url).pathname.startsWith('/postern')) return inspect(request)
 */
export function inspector(
  options: InspectorOptions<readonly [request: Request]>,
): (request: Request) => Promise<Response> {
  const inspect = createInspector(options)
  return async (request) =>
    webResponse(await inspect(webRequest(request, [request] as const)), request.method)
}
