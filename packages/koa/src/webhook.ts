import {
  createBridge,
  type Mountable,
  type ParsedRequest,
  type WebhookOptions,
} from '@postern/node'
import type { Context } from 'koa'

/**
 * Creates a middleware for Koa 3 and 2. Mount it on its own path, before any body parser. The middleware answers every
 * request, never calls `next`, and never throws because of a request's content. It writes the response itself
 * (`ctx.respond = false`) and keeps headers that were set before.
 *
 * @throws {TypeError} if an option is wrong.
 * @example
 * router.all('/webhooks/shopify', webhook(receiver))
 * app.use(router.routes()).use(bodyParser())
 */
export function webhook(
  receiver: Mountable,
  options: WebhookOptions<Context> = {},
): (context: Context) => Promise<void> {
  const bridge = createBridge(receiver, options, {
    target: (context: Context) => context.originalUrl,
    parsed,
    remedy,
  })
  return async function posternWebhook(context) {
    context.respond = false
    await bridge(context.req, context.res, context)
  }
}

// Parsers for Koa store the body on Koa's request. Cloud platforms store it on the request of node:http.
function parsed({ request, req }: Context): ParsedRequest {
  const { rawBody, body } = request as ParsedRequest
  const host = req as ParsedRequest
  return { rawBody: rawBody ?? host.rawBody, body: body ?? host.body }
}

function remedy({ request }: Context): string {
  return (request as ParsedRequest).body === undefined
    ? 'put the webhook route before the middleware that read it'
    : 'a body parser such as koa-body kept no bytes; put the webhook route before app.use(koaBody()), or use @koa/bodyparser, which keeps the text, or koaBody({ includeUnparsed: true })'
}
