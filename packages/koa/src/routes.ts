import {
  runDue as nodeRunDue,
  health as nodeHealth,
  serve as nodeServe,
  type NodeHandler,
} from '@postern/node'
import type { Context } from 'koa'

/**
 * Creates a middleware that runs due tasks. Its options are the same as for `runDue` of `@postern/core/routes`.
 *
 * @example
 * router.post('/cron/webhooks', runDue(receiver, { secret: process.env.CRON_SECRET! }))
 */
export function runDue(
  ...route: Parameters<typeof nodeRunDue>
): (context: Context) => Promise<void> {
  return toKoa(nodeRunDue(...route))
}

/**
 * Creates a middleware for probes. Its options are the same as for `health` of `@postern/core/routes`.
 *
 * @example
 * router.get('/healthz', health([receiver]))
 */
export function health(
  ...route: Parameters<typeof nodeHealth>
): (context: Context) => Promise<void> {
  return toKoa(nodeHealth(...route))
}

/**
 * Creates a middleware from a route of another package, such as `metricsRoute` of `@postern/otel/prometheus`.
 *
 * @example
 * router.get('/metrics', serve(metricsRoute([receiver])))
 */
export function serve(...route: Parameters<typeof nodeServe>): (context: Context) => Promise<void> {
  return toKoa(nodeServe(...route))
}

function toKoa(handle: NodeHandler): (context: Context) => Promise<void> {
  return (context) => {
    context.respond = false
    return handle(context.req, context.res)
  }
}
