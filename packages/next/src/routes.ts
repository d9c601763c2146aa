import type { Receiver } from '@postern/core'
import {
  runDue as fetchRunDue,
  health as fetchHealth,
  toFetch,
  type RunDueRouteOptions,
  type HealthRouteOptions,
  type Route,
} from '@postern/core/routes'
import { connection } from 'next/server.js'
import { isBuilding } from './singleton.ts'

/**
 * A route handler that runs due tasks, as `runDue` of `@postern/core/routes`. During `next build` the secret may be missing.
 *
 * @example
 * export const GET = runDue(receiver, { secret: process.env.CRON_SECRET!, deadline: '50s' })
 */
export function runDue(
  receiver: Pick<Receiver, 'runDue'>,
  options: RunDueRouteOptions,
): (request: Request) => Promise<Response> {
  return answering(() => fetchRunDue(receiver, options))
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
  return answering(() => fetchHealth(receivers, options))
}

/**
 * A route handler out of a route of another package, such as `metricsRoute` of `@postern/otel/prometheus`.
 *
 * @example
 * export const GET = serve(metricsRoute([receiver]))
 */
export function serve(route: Route): (request: Request) => Promise<Response> {
  return answering(() => toFetch(route))
}

/**
 * A handler that answers requests alone. Next.js calls GET handlers while it builds too; `connection()` ends such a call,
 * with `cacheComponents` and without, where no `dynamic` of the route is needed or allowed.
 */
function answering(
  make: () => (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  const answer = isBuilding() ? undefined : make()
  return async (request) => {
    await atRequest()
    return answer!(request)
  }
}

/** Ends a call that Next.js makes while it builds. Outside of Next.js, where nobody builds, it does nothing. */
async function atRequest(): Promise<void> {
  try {
    await connection()
  } catch (error) {
    if (!/outside a request scope/.test(String(error))) throw error
  }
}
