import type { Health } from '../receiver/health.ts'
import type { Receiver } from '../receiver/receiver-types.ts'
import { unknownOptions } from '../basics/unknown-options.ts'
import { privateReply, toFetch, type Route } from './route.ts'

/** Options of {@link health}. */
export interface HealthRouteOptions {
  /** False tells only whether all is well, since figures are for operators. Why an inbox cannot be reached is told in neither. @default true */
  readonly figures?: boolean
}

/**
 * A route for probes. Readiness: 200 if every receiver accepts deliveries, else 503; a backlog takes no web process off the
 * network. Workers, with `?work`: 200 if every receiver settles, that is, due tasks are run. Liveness, with `?live`: 200 as long
 * as the process answers, since a restart repairs no database. Throws a `TypeError` that names a wrong option.
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

/** The same for hosts that are not on fetch. */
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
    const asked = /[?&]work(?:[=&#]|$)/.test(url) ? 'settles' : 'accepts'
    const ok = found.every((each) => each[asked])
    return privateReply(ok ? 200 : 503, figures ? { ok, receivers: found.map(shown) } : { ok })
  }
}

/** What a stranger may see: our own words, since the text of an engine's error can name an address. */
function shown(health: Health): Health {
  const { cause } = health
  const own = cause === undefined || /^(?:closed|full|no handler|no worker):/.test(cause)
  return own ? health : { ...health, cause: 'unavailable' }
}
