import type { Receiver } from '@postern/core'
import {
  runDue as fetchRunDue,
  health as fetchHealth,
  toFetch,
  type RunDueRouteOptions,
  type HealthRouteOptions,
  type Route,
} from '@postern/core/routes'
import type { Context } from 'hono'

/**
 * A handler that runs due tasks, as `runDue` of `@postern/core/routes`.
 *
 * @example
 * app.get('/cron/webhooks', runDue(receiver, { secret: process.env.CRON_SECRET! }))
 */
export function runDue(
  receiver: Pick<Receiver, 'runDue'>,
  options: RunDueRouteOptions,
): (context: Context) => Promise<Response> {
  const handle = fetchRunDue(receiver, options)
  return (context) => handle(context.req.raw)
}

/**
 * A handler for probes, as `health` of `@postern/core/routes`.
 *
 * @example
 * app.get('/healthz', health([receiver]))
 */
export function health(
  receivers: readonly Pick<Receiver, 'health'>[],
  options: HealthRouteOptions = {},
): (context: Context) => Promise<Response> {
  const handle = fetchHealth(receivers, options)
  return (context) => handle(context.req.raw)
}

/**
 * A handler out of a route of another package, such as `metricsRoute` of `@postern/otel/prometheus`.
 *
 * @example
 * app.get('/metrics', serve(metricsRoute([receiver])))
 */
export function serve(route: Route): (context: Context) => Promise<Response> {
  const handle = toFetch(route)
  return (context) => handle(context.req.raw)
}
