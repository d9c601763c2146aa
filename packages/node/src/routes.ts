import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Receiver } from '@postern/core'
import {
  runDueRoute,
  healthRoute,
  type RunDueRouteOptions,
  type HealthRouteOptions,
  type Route,
} from '@postern/core/routes'
import { writeReply } from './bridge.ts'

/** Handles one request of node:http. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * Creates a route that runs due tasks, for node:http and Express. Its options are the same as for `runDue` of
 * `@postern/core/routes`.
 *
 * @throws {TypeError} if an option is wrong; the message names the option.
 * @example
 * app.post('/cron/webhooks', runDue(receiver, { secret: process.env.CRON_SECRET! }))
 */
export function runDue(
  receiver: Pick<Receiver, 'runDue'>,
  options: RunDueRouteOptions,
): NodeHandler {
  return serve(runDueRoute(receiver, options))
}

/**
 * Creates a route for probes, for node:http and Express. Its options are the same as for `health` of
 * `@postern/core/routes`.
 *
 * @throws {TypeError} if an option is wrong; the message names the option.
 * @example
 * app.get('/healthz', health([receiver]))
 */
export function health(
  receivers: readonly Pick<Receiver, 'health'>[],
  options: HealthRouteOptions = {},
): NodeHandler {
  return serve(healthRoute(receivers, options))
}

/**
 * Creates a handler for node:http and Express from a route of another package, such as `metricsRoute` of
 * `@postern/otel/prometheus`.
 *
 * @example
 * app.get('/metrics', serve(metricsRoute([receiver])))
 */
export function serve(route: Route): NodeHandler {
  return async (request, response) => {
    const { authorization } = request.headers
    const reply = await route({
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      authorization,
    })
    writeReply(request, response, reply)
  }
}
