import type { Receiver } from '@postern/core'
import {
  drain as fetchDrain,
  health as fetchHealth,
  type DrainRouteOptions,
  type HealthRouteOptions,
} from '@postern/core/routes'
import type { Context } from 'hono'

/**
 * A handler that runs due tasks, as `drain` of `@postern/core/routes`.
 *
 * @example
 * app.get('/cron/webhooks', drain(receiver, { secret: process.env.CRON_SECRET! }))
 */
export function drain(
  receiver: Pick<Receiver, 'drain'>,
  options: DrainRouteOptions,
): (context: Context) => Promise<Response> {
  const handle = fetchDrain(receiver, options)
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
