import type { Receiver } from '@postern/core'
import type { RunDueRouteOptions, HealthRouteOptions, Route } from '@postern/core/routes'
import {
  runDue as nodeRunDue,
  health as nodeHealth,
  serve as nodeServe,
  type NodeHandler,
} from '@postern/node'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * A route handler that runs due tasks, as `runDue` of `@postern/core/routes`.
 *
 * @example
 * fastify.get('/cron/webhooks', runDue(receiver, { secret: process.env.CRON_SECRET! }))
 */
export function runDue(
  receiver: Pick<Receiver, 'runDue'>,
  options: RunDueRouteOptions,
): (request: FastifyRequest, reply: FastifyReply) => void {
  return toFastify(nodeRunDue(receiver, options))
}

/**
 * A route handler for probes, as `health` of `@postern/core/routes`.
 *
 * @example
 * fastify.get('/healthz', health([receiver]))
 */
export function health(
  receivers: readonly Pick<Receiver, 'health'>[],
  options: HealthRouteOptions = {},
): (request: FastifyRequest, reply: FastifyReply) => void {
  return toFastify(nodeHealth(receivers, options))
}

/**
 * A route handler out of a route of another package, such as `metricsRoute` of `@postern/otel/prometheus`.
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
