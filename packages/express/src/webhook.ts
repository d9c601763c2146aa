import { createBridge, type Mountable, type WebhookOptions } from '@postern/node'
import type { Request, Response } from 'express'

/**
 * Creates a handler for Express 5 and 4. Mount the handler on its own path, before any body parser. Use `app.all`,
 * because some providers verify a URL with GET or HEAD. The handler answers every request and never calls `next`.
 *
 * @throws {TypeError} if an option is wrong.
 * @example
 * app.all('/webhooks/github', webhook(receiver))
 * app.use(express.json())
 */
export function webhook(
  receiver: Mountable,
  options: WebhookOptions<Request> = {},
): (request: Request, response: Response) => void {
  const bridge = createBridge(receiver, options, {
    target: (request: Request) => request.originalUrl,
    parsed: (request) => request,
    remedy,
  })
  return (request, response) => void bridge(request, response, request)
}

const PARSERS: readonly (readonly [type: RegExp, parser: string])[] = [
  [/[/+]json\b/i, 'express.json'],
  [/\/x-www-form-urlencoded\b/i, 'express.urlencoded'],
  [/^text\//i, 'express.text'],
]

function remedy(request: Request): string {
  const type = request.headers['content-type'] ?? ''
  const parser =
    request.body === undefined ? undefined : PARSERS.find(([pattern]) => pattern.test(type))?.[1]
  return parser === undefined
    ? 'mount the webhook route before the middleware that read it'
    : `mount the webhook route before ${parser}() or a parser like it, or keep the bytes with ${parser}({ verify: (req, res, buffer) => { req.rawBody = buffer } }); on NestJS use @postern/nestjs, which runs before its parsers`
}
