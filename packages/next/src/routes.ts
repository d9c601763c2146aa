import {
  runDue as fetchRunDue,
  health as fetchHealth,
  toFetch,
  type Route,
} from '@postern/core/routes'
import { connection } from 'next/server.js'
import { isBuilding } from './singleton.ts'

/**
 * Creates a route handler that runs due tasks. Its options are the same as for `runDue` of `@postern/core/routes`.
 * During `next build`, the secret may be missing.
 *
 * @example
 * export const GET = runDue(receiver, { secret: process.env.CRON_SECRET!, deadline: '50s' })
 */
export function runDue(
  ...route: Parameters<typeof fetchRunDue>
): (request: Request) => Promise<Response> {
  return answering(() => fetchRunDue(...route))
}

/**
 * Creates a route handler for probes. Its options are the same as for `health` of `@postern/core/routes`.
 *
 * @example
 * export const GET = health([receiver])
 */
export function health(
  ...route: Parameters<typeof fetchHealth>
): (request: Request) => Promise<Response> {
  return answering(() => fetchHealth(...route))
}

/**
 * Creates a route handler from a route of another package, such as `metricsRoute` of `@postern/otel/prometheus`.
 *
 * @example
 * export const GET = serve(metricsRoute([receiver]))
 */
export function serve(route: Route): (request: Request) => Promise<Response> {
  return answering(() => toFetch(route))
}

/**
 * Creates a handler that runs only for real requests. Next.js also calls GET handlers during a build; `connection()`
 * ends such a call, with and without `cacheComponents`. So the route needs no `export const dynamic`.
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

/** Resolves at a real request: never during `next build`, immediately outside of Next.js. */
async function atRequest(): Promise<void> {
  try {
    await connection()
  } catch (error) {
    if (!/outside a request scope/.test(String(error))) throw error
  }
}
