import { toResponse, type Reply } from '../receive/reply/reply.ts'
import type { Health } from '../receiver/health.ts'
import type { Receiver } from '../receiver/receiver-types.ts'
import { unknownOptions } from '../basics/unknown-options.ts'
import { checkSecret } from '../provider/secrets.ts'
import { safeEqual } from '../provider/safe-equal.ts'
import { checkRunDue, type RunDueOptions } from '../receiver/options.ts'

export interface RouteRequest {
  readonly method: string
  readonly url: string
  /** Value of the `authorization` header. */
  readonly authorization: string | undefined
}

/** A route for any framework. Adapters on node:http call it, and `toFetch` converts it to a fetch handler. */
export type Route = (request: RouteRequest) => Promise<Reply>

/**
 * Converts a route to a fetch handler, for Bun, Deno, Workers and others. The handler rejects if the route rejects.
 *
 * @example
 * Deno.serve(toFetch(healthRoute([receiver])))
 */
export function toFetch(route: Route): (request: Request) => Promise<Response> {
  return async (request) =>
    toResponse(
      await route({
        method: request.method,
        url: request.url,
        authorization: request.headers.get('authorization') ?? undefined,
      }),
      request.method,
    )
}

function privateReply(status: number, body: unknown, headers?: Reply['headers']): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  }
}

/** Options of {@link health}. */
export interface HealthRouteOptions {
  /**
   * If false, the reply says only whether everything is ok, without figures. The reply never contains the cause of an
   * unreachable inbox. @default true
   */
  readonly figures?: boolean
}

/**
 * Creates a route for probes. Readiness: replies 200 if every receiver accepts deliveries, else 503; a backlog does not
 * matter. Workers (`?work`): replies 200 if every receiver is processing due tasks. Liveness (`?live`): replies 200 as
 * long as the process answers, since a restart does not repair a database. Throws a `TypeError` that names a wrong
 * option.
 *
 * @example
 * app.get('/healthz', health([github, stripe]))
 */
export function health(
  receivers: readonly Pick<Receiver, 'health'>[],
  options: HealthRouteOptions = {},
): (request: Request) => Promise<Response> {
  return toFetch(healthRoute(receivers, options))
}

/**
 * Creates the same route as {@link health}, for frameworks without fetch. Throws a `TypeError` if an option is wrong.
 */
export function healthRoute(
  receivers: readonly Pick<Receiver, 'health'>[],
  options: HealthRouteOptions = {},
): Route {
  unknownOptions('health', options, ['figures'])
  const { figures = true } = options
  if (
    !Array.isArray(receivers) ||
    receivers.some((receiver) => typeof receiver?.health !== 'function')
  )
    throw new TypeError('health: receivers must be a list of what createReceiver() returns')

  return async ({ method, url }) => {
    if (method !== 'GET' && method !== 'HEAD')
      return privateReply(405, { code: 'method_not_allowed' }, { allow: 'GET, HEAD' })
    if (/[?&]live(?:[=&#]|$)/.test(url)) return privateReply(200, { ok: true })
    const found = await Promise.all(receivers.map((receiver) => receiver.health()))
    const asked = /[?&]work(?:[=&#]|$)/.test(url) ? 'processing' : 'accepting'
    const ok = found.every((each) => each[asked])
    return privateReply(ok ? 200 : 503, figures ? { ok, receivers: found.map(shown) } : { ok })
  }
}

/** Returns the health without error texts of a store, since they can contain an address. */
function shown(health: Health): Health {
  const { cause } = health
  const own = cause === undefined || /^(?:closed|full|no handler|no worker):/.test(cause)
  return own ? health : { ...health, cause: 'unavailable' }
}

/** Options of {@link runDue}. */
export interface RunDueRouteOptions extends RunDueOptions {
  /** Secret that the caller sends as `Authorization: Bearer …`. Vercel sends `CRON_SECRET` there. */
  readonly secret: string
}

/**
 * Creates a route that runs due tasks, for cron jobs of platforms without a permanent process. The secret is compared
 * in constant time. If another call is running, the reply is 409. Otherwise the reply is the result of
 * `receiver.runDue()` as JSON. Throws a `TypeError` that names a wrong option.
 *
 * @example
 * export const GET = runDue(receiver, { secret: process.env.CRON_SECRET!, deadline: '50s' })
 */
export function runDue(
  receiver: Pick<Receiver, 'runDue'>,
  options: RunDueRouteOptions,
): (request: Request) => Promise<Response> {
  return toFetch(runDueRoute(receiver, options))
}

/**
 * Creates the same route as {@link runDue}, for frameworks without fetch. Throws a `TypeError` if an option is wrong.
 */
export function runDueRoute(
  receiver: Pick<Receiver, 'runDue'>,
  options: RunDueRouteOptions,
): Route {
  unknownOptions('runDue', options, ['secret', 'deadline', 'max', 'reserve'])
  const { secret, ...how } = options ?? {}
  checkSecret('runDue: secret', secret)
  checkRunDue(how)
  if (typeof receiver?.runDue !== 'function')
    throw new TypeError('runDue: receiver must be what createReceiver() returns')
  let running = false

  return async ({ method, authorization = '' }) => {
    if (method !== 'GET' && method !== 'POST')
      return privateReply(405, { code: 'method_not_allowed' }, { allow: 'GET, POST' })
    if (!safeEqual(`Bearer ${secret}`, authorization))
      return privateReply(401, { code: 'unauthorized' }, { 'www-authenticate': 'Bearer' })
    if (running) return privateReply(409, { code: 'in_progress' }, { 'retry-after': '5' })
    running = true
    try {
      return privateReply(200, await receiver.runDue(how))
    } catch {
      // The reply contains no reason, but observers get the reason from the inbox.
      return privateReply(503, { code: 'inbox_unavailable' }, { 'retry-after': '5' })
    } finally {
      running = false
    }
  }
}
