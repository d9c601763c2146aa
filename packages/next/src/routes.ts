import type { Receiver } from '@postern/core'
import {
  drain as fetchDrain,
  health as fetchHealth,
  toFetch,
  type DrainRouteOptions,
  type HealthRouteOptions,
  type Route,
} from '@postern/core/routes'
import { isBuilding } from './persistent.ts'

/**
 * A route handler that runs due tasks, as `drain` of `@postern/core/routes`. During `next build` the secret may be missing.
 *
 * @example
 * export const dynamic = 'force-dynamic'
 * export const GET = drain(receiver, { secret: process.env.CRON_SECRET!, deadline: '50s' })
 */
export function drain(
  receiver: Pick<Receiver, 'drain'>,
  options: DrainRouteOptions,
): (request: Request) => Promise<Response> {
  return isBuilding() ? whileBuilding : fetchDrain(receiver, options)
}

/**
 * A route handler for probes, as `health` of `@postern/core/routes`.
 *
 * @example
 * export const dynamic = 'force-dynamic'
 * export const GET = health([receiver])
 */
export function health(
  receivers: readonly Pick<Receiver, 'health'>[],
  options: HealthRouteOptions = {},
): (request: Request) => Promise<Response> {
  return isBuilding() ? whileBuilding : fetchHealth(receivers, options)
}

/**
 * A route handler out of a route of another package, such as `metricsRoute` of `@postern/prometheus`.
 *
 * @example
 * export const dynamic = 'force-dynamic'
 * export const GET = serve(metricsRoute([receiver]))
 */
export function serve(route: Route): (request: Request) => Promise<Response> {
  return isBuilding() ? whileBuilding : toFetch(route)
}

async function whileBuilding(): Promise<Response> {
  throw new Error(
    "next build called a route of Postern: add export const dynamic = 'force-dynamic'",
  )
}
