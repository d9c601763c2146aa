import type { NextFunction, Request, Response } from 'express'
import { createInspector } from '../inspector.ts'
import type { InspectorOptions } from '../options.ts'
import { nodeRequest, writeNode } from './node-host.ts'

/** The arguments that `auth` gets on Express. */
export type ExpressOwn = readonly [request: Request, response: Response]

/**
 * Makes a handler for Express 5 and 4 that serves the inspector below its mount path. Body parsers and sessions may run
 * before this handler. Errors that `auth` throws go to `next`. Throws a `TypeError` that names a wrong option.
 *
 * @example
 * app.use('/postern', inspector({ inbox, receivers: [github], auth: (request) => request.session.admin && { allow: 'all' } }))
 */
export function inspector(
  options: InspectorOptions<ExpressOwn>,
): (request: Request, response: Response, next: NextFunction) => void {
  const inspect = createInspector(options)
  return function posternInspector(message, response, next) {
    const request = nodeRequest<ExpressOwn>(
      message,
      message.originalUrl,
      [message, response],
      () => response.headersSent || response.writableEnded,
      { mount: message.baseUrl || undefined, parsed: () => message.body as unknown },
    )
    inspect(request)
      .then((reply) => writeNode(response, reply, request))
      .catch(next)
  }
}
