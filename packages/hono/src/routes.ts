import {
  runDue as fetchRunDue,
  health as fetchHealth,
  toFetch,
  type Route,
} from '@postern/core/routes'
import type { Context } from 'hono'

/**
 * Creates a handler that runs due tasks. Its options are the same as for `runDue` of `@postern/core/routes`.
 *
 * @example
 * app.get('/cron/webhooks', runDue(receiver, { secret: process.env.CRON_SECRET! }))
 */
export function runDue(
  ...route: Parameters<typeof fetchRunDue>
): (context: Context) => Promise<Response> {
  return toHono(fetchRunDue(...route))
}

/**
 * Creates a handler for probes. Its options are the same as for `health` of `@postern/core/routes`.
 *
 * @example
 * app.get('/healthz', health([receiver]))
 */
export function health(
  ...route: Parameters<typeof fetchHealth>
): (context: Context) => Promise<Response> {
  return toHono(fetchHealth(...route))
}

/**
 * Creates a handler from a route of another package, such as `metricsRoute` of `@postern/otel/prometheus`.
 *
 * @example
 * app.get('/metrics', serve(metricsRoute([receiver])))
 */
export function serve(route: Route): (context: Context) => Promise<Response> {
  return toHono(toFetch(route))
}

function toHono(
  handle: (request: Request) => Promise<Response>,
): (context: Context) => Promise<Response> {
  return (context) => handle(context.req.raw)
}
