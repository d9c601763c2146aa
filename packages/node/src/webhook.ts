import type { IncomingMessage, ServerResponse } from 'node:http'
import { createBridge, type WebhookOptions, type Mountable } from './bridge.ts'
import type { ParsedRequest } from './read-body.ts'

/**
 * Creates a listener for node:http and node:https that passes every request to the receiver. The listener reads the
 * exact bytes, within the receiver's limits, and answers every request.
 *
 * @throws {TypeError} if an option is wrong.
 * @example
 * createServer(webhook(receiver)).listen(3000)
 */
export function webhook(
  receiver: Mountable,
  options: WebhookOptions = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  const bridge = createBridge(receiver, options, {
    target,
    parsed: (request) => request as ParsedRequest,
    remedy: () =>
      'call the listener of webhook(receiver) first, or keep the bytes as a Buffer in req.rawBody; on NestJS use @postern/nestjs, which runs before its parsers',
  })
  return (request, response) => void bridge(request, response, request)
}

// Connect removes the path prefix of a middleware from `url` and keeps the original path in `originalUrl`.
function target(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return request.originalUrl ?? request.url ?? '/'
}
