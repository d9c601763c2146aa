import { checkSecret } from '../provider/secrets.ts'
import { safeEqual } from '../provider/safe-equal.ts'
import { checkDrain } from '../receiver/drain-options.ts'
import type { DrainOptions } from '../receiver/options.ts'
import type { Receiver } from '../receiver/receiver-types.ts'
import { unknownOptions } from '../basics/unknown-options.ts'
import { privateReply, toFetch, type Route } from './route.ts'

/** Options of {@link drain}. */
export interface DrainRouteOptions extends DrainOptions {
  /** The secret in the caller's `Authorization: Bearer …`; Vercel sends `CRON_SECRET` there. */
  readonly secret: string
}

/**
 * A route that runs due tasks, for the cron of hosts without a permanent process. The secret is compared in constant
 * time. A call while another one runs is 409. The reply is the result of `receiver.drain()` as JSON. Throws a
 * `TypeError` that names a wrong option.
 *
 * @example
 * export const GET = drain(receiver, { secret: process.env.CRON_SECRET!, deadline: '50s' })
 */
export function drain(
  receiver: Pick<Receiver, 'drain'>,
  options: DrainRouteOptions,
): (request: Request) => Promise<Response> {
  return toFetch(drainRoute(receiver, options))
}

/** The same for hosts that are not on fetch. */
export function drainRoute(receiver: Pick<Receiver, 'drain'>, options: DrainRouteOptions): Route {
  unknownOptions('drain', options, ['secret', 'deadline', 'max', 'reserve'])
  const { secret, ...how } = options ?? {}
  checkSecret('drain: secret', secret)
  checkDrain(how)
  if (typeof receiver?.drain !== 'function')
    throw new TypeError('drain: receiver must be what createReceiver() returns')
  let running = false

  return async ({ method, authorization = '' }) => {
    if (method !== 'GET' && method !== 'POST')
      return privateReply(405, { code: 'method_not_allowed' }, { allow: 'GET, POST' })
    if (!safeEqual(`Bearer ${secret}`, authorization))
      return privateReply(401, { code: 'unauthorized' }, { 'www-authenticate': 'Bearer' })
    if (running) return privateReply(409, { code: 'in_progress' }, { 'retry-after': '5' })
    running = true
    try {
      return privateReply(200, await receiver.drain(how))
    } catch {
      // The reply has no reason: the inbox tells it to observers.
      return privateReply(503, { code: 'inbox_unavailable' }, { 'retry-after': '5' })
    } finally {
      running = false
    }
  }
}
