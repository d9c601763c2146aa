import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import { createInspector } from '../inspector.ts'
import type { InspectorOptions } from '../options.ts'
import { finished, nodeRequest } from './node-host.ts'

/** The arguments that `auth` gets on Fastify. */
export type FastifyOwn = readonly [request: FastifyRequest, reply: FastifyReply]

/**
 * Makes a plugin for Fastify 5 that serves the inspector below the prefix of the plugin. The app's hooks run before the
 * plugin. Fastify handles errors that `auth` throws. Throws a `TypeError` that names a wrong option.
 *
 * @example
 * fastify.register(inspector({ inbox, auth: (request) => request.user && { allow: 'read' } }), { prefix: '/postern' })
 */
export function inspector(options: InspectorOptions<FastifyOwn>): FastifyPluginCallback {
  const inspect = createInspector(options)
  return function posternInspector(fastify: FastifyInstance, _options, done) {
    fastify.removeAllContentTypeParsers()
    // Fastify must not read the body: the inspector reads it after `auth` has seen the headers.
    fastify.addContentTypeParser('*', (_request, _body, parsed) => parsed(null))
    const mount = fastify.prefix || undefined
    fastify.all('/', async (message, reply) => answer(message, reply, mount))
    fastify.all('/*', async (message, reply) => answer(message, reply, mount))
    done()
  }

  async function answer(
    message: FastifyRequest,
    reply: FastifyReply,
    mount: string | undefined,
  ): Promise<unknown> {
    const request = nodeRequest<FastifyOwn>(
      message.raw,
      message.originalUrl,
      [message, reply],
      () => reply.sent,
      { mount, parsed: () => message.body },
    )
    const given = await inspect(request)
    if (given === undefined) return reply
    const { status, headers, body } = await finished(given, request)
    return reply
      .code(status)
      .headers(headers)
      .send(body instanceof Uint8Array ? Buffer.from(body) : body)
  }
}
