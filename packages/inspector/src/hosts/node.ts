import type { IncomingMessage, ServerResponse } from 'node:http'
import { createInspector } from '../inspector.ts'
import type { InspectorOptions } from '../options.ts'
import { nodeRequest, writeNode } from './node-host.ts'

/** The arguments that `auth` gets on node:http. */
export type NodeOwn = readonly [request: IncomingMessage, response: ServerResponse]

/**
 * Makes a listener for node:http that serves the inspector below any path. Call the listener with the requests of that
 * path. The listener rejects only if `auth` throws. Throws a `TypeError` that names a wrong option.
 *
 * @example
 * const inspect = inspector({ inbox, auth: { token: process.env.POSTERN_TOKEN! } })
 * createServer((request, response) =>
 *   request.url!.startsWith('/postern') ? void inspect(request, response) : app(request, response))
 */
export function inspector(
  options: InspectorOptions<NodeOwn>,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const inspect = createInspector(options)
  return async function posternInspector(message, response) {
    const request = nodeRequest<NodeOwn>(
      message,
      message.url ?? '/',
      [message, response],
      () => response.headersSent || response.writableEnded,
    )
    await writeNode(response, await inspect(request), request)
  }
}
