import { WebhookError } from '@postern/core'
import { checkObject } from '@postern/core/internal'
import {
  createBridge,
  type Mountable,
  type ParsedRequest,
  type WebhookOptions as NodeWebhookOptions,
} from '@postern/node'
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'

/** Options of {@link webhook}. */
export interface WebhookOptions extends NodeWebhookOptions<FastifyRequest> {
  /** Path of the route, below the plugin's prefix. @default '/' */
  readonly path?: string
}

/**
 * Creates a plugin for Fastify 5 with one route for all methods. The plugin replaces content type parsers only inside
 * itself. So the receiver gets the exact bytes of any type and encoding, and other routes keep their JSON parser. Hooks
 * of the app run first, as for any route.
 *
 * @throws {TypeError} if an option is wrong.
 * @example
 * fastify.register(webhook(receiver, { path: '/webhooks/github' }))
 */
export function webhook(receiver: Mountable, options: WebhookOptions = {}): FastifyPluginCallback {
  checkObject('webhook: options', options)
  const { path = '/', ...rest } = options
  if (typeof path !== 'string' || !path.startsWith('/'))
    throw new TypeError(`webhook: path must be a string that starts with /, got ${String(path)}`)
  const rejections = new WeakMap<FastifyRequest, WebhookError>()
  const bridge = createBridge(receiver, rest, {
    target: (request: FastifyRequest) => request.originalUrl,
    parsed(request): ParsedRequest {
      const rejection = rejections.get(request)
      if (rejection) throw rejection
      const { rawBody } = request as ParsedRequest
      return { rawBody: rawBody ?? (request.raw as ParsedRequest).rawBody }
    },
    remedy: () =>
      'keep the hook or plugin that read it off this route, or let it put the bytes as a Buffer in request.rawBody (fastify-raw-body with encoding: false)',
  })
  return function posternWebhook(fastify: FastifyInstance, _options, done) {
    fastify.removeAllContentTypeParsers()
    // Parses nothing: the bridge reads the body later, within the receiver's limits.
    fastify.addContentTypeParser('*', (request, payload, parsed) => {
      if (payload === request.raw) parsed(null)
      else parsed(REPLACED)
    })
    fastify.all(path, { errorHandler: reject }, take)
    done()
  }

  // This function returns no promise, because Fastify would wait for the promise and then expect a reply.
  function take(request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack()
    void bridge(request.raw, reply.raw, request)
  }

  // Fastify rejects an invalid Content-Type before any parser runs. The receiver answers instead, so that its observers
  // see the rejection.
  function reject(error: Error, request: FastifyRequest, reply: FastifyReply): void {
    const rejection = error === REPLACED ? REPLACED : unreadableType(error)
    if (rejection === undefined) return void reply.send(error)
    rejections.set(request, rejection)
    take(request, reply)
  }
}

const REPLACED = new WebhookError('body_consumed', {
  problem: 'consumed',
  remedy:
    'a preParsing hook replaced the stream; do not run the hook on this route, since signatures cover the bytes on the wire',
})

function unreadableType(error: Error): WebhookError | undefined {
  return (error as { code?: unknown }).code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE'
    ? new WebhookError(
        'unsupported_media_type',
        { problem: 'no_media_type', header: 'content-type' },
        { cause: error },
      )
    : undefined
}
