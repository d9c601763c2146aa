import { connection, type NextRequest } from 'next/server.js'
import { createInspector } from '../inspector.ts'
import type { InspectorOptions } from '../options.ts'
import { webRequest, webResponse } from './web.ts'

/** A route handler of the App Router. */
export type InspectorRoute = (request: NextRequest) => Promise<Response>

/**
 * Makes the handlers of a catch-all route: `app/postern/[[...path]]/route.ts`. Give `inbox` and `receivers` as
 * functions, since `next build` also runs the module. Next.js handles what `auth` throws, such as `redirect('/login')`.
 * Throws a `TypeError` that names a wrong option. While Next.js builds, options are not checked, since secrets may be
 * missing then.
 *
 * @example
 * export const { GET, HEAD, POST } = inspector({
 *   inbox: () => inbox,
 *   auth: async () => ((await auth())?.user ? { allow: 'all' } : redirect('/login')),
 * })
 */
export function inspector(
  options: InspectorOptions<readonly [request: NextRequest]>,
): Readonly<Record<'GET' | 'HEAD' | 'POST', InspectorRoute>> {
  const isBuilding = process.env['NEXT_PHASE'] === 'phase-production-build'
  const inspect = isBuilding ? undefined : createInspector(options)
  const handle: InspectorRoute = async (request) => {
    await atRequest()
    return webResponse(await inspect!(webRequest(request, [request] as const)), request.method)
  }
  return { GET: handle, HEAD: handle, POST: handle }
}

/** Ends the current call if Next.js makes it during a build. Does nothing outside of Next.js. */
async function atRequest(): Promise<void> {
  try {
    await connection()
  } catch (error) {
    if (!/outside a request scope/.test(String(error))) throw error
  }
}
