import type { Receiver } from '@postern/core'
import {
  drain as fetchDrain,
  health as fetchHealth,
  toFetch,
  type DrainRouteOptions,
  type HealthRouteOptions,
  type Route,
} from '@postern/core/routes'
import { connection } from 'next/server.js'
import { isBuilding } from './persistent.ts'

/**
 * A route handler that runs due tasks, as `drain` of `@postern/core/routes`. During `next build` the secret may be missing.
 *
 * @example
 * export const GET = drain(receiver, { secret: process.env.CRON_SECRET!, deadline: '50s' })
 */
export function drain(
  receiver: Pick<Receiver, 'drain'>,
  options: DrainRouteOptions,
): (request: Request) => Promise<Response> {
  return atRequest(() => fetchDrain(receiver, options))
}

/**
 * A route handler for probes, as `health` of `@postern/core/routes`.
 *
 * @example
 * export const GET = health([receiver])
 */
export function health(
  receivers: readonly Pick<Receiver, 'health'>[],
  options: HealthRouteOptions = {},
): (request: Request) => Promise<Response> {
  return atRequest(() => fetchHealth(receivers, options))
}

/**
 * A route handler out of a route of another package, such as `metricsRoute` of `@postern/prometheus`.
 *
 * @example
 * export const GET = serve(metricsRoute([receiver]))
 */
export function serve(route: Route): (request: Request) => Promise<Response> {
  return atRequest(() => toFetch(route))
}

/**
 * A handler that answers requests alone. Next.js calls GET handlers while it builds too; `connection()` ends such a call,
 * with `cacheComponents` and without, where no `dynamic` of the route is needed or allowed.
 */
function atRequest(
  make: () => (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  const answer = isBuilding() ? undefined : make()
  return async (request) => {
    await connection()
    return answer!(request)
  }
}
