import type { Route } from '@postern/core/routes'
import {
  runDue as nodeRunDue,
  health as nodeHealth,
  serve as nodeServe,
  type NodeHandler,
} from '@postern/node'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Creates a route handler that runs due tasks. Its options are the same as for `runDue` of `@postern/core/routes`.
 *
 * @example
 * fastify.get('/cron/webhooks', runDue(receiver, { secret: process.env.CRON_SECRET! }))
 */
export function runDue(
  ...route: Parameters<typeof nodeRunDue>
): (request: FastifyRequest, reply: FastifyReply) => void {
  return toFastify(nodeRunDue(...route))
}

/**
 * Creates a route handler for probes. Its options are the same as for `health` of `@postern/core/routes`.
 *
 * @example
 * fastify.get('/healthz', health([receiver]))
 */
export function health(
  ...route: Parameters<typeof nodeHealth>
): (request: FastifyRequest, reply: FastifyReply) => void {
  return toFastify(nodeHealth(...route))
}

/**
 * Creates a route handler from a route of another package, such as `metricsRoute` of `@postern/otel/prometheus`.
 *
 * @example
 * fastify.get('/metrics', serve(metricsRoute([receiver])))
 */
export function serve(route: Route): (request: FastifyRequest, reply: FastifyReply) => void {
  return toFastify(nodeServe(route))
}

function toFastify(handle: NodeHandler): (request: FastifyRequest, reply: FastifyReply) => void {
  return (request, reply) => {
    reply.hijack()
    void handle(request.raw, reply.raw)
  }
}
