import { checkSecret } from '../provider/secrets.ts'
import { safeEqual } from '../provider/safe-equal.ts'
import { checkDrain } from '../receiver-options.ts'
import type { DrainOptions, Receiver } from '../receiver-types.ts'
import { unknownOptions } from '../unknown-options.ts'
import { privateReply, toFetch, type Route } from './route.ts'

/** Options of {@link drain}. */
export interface DrainRouteOptions extends DrainOptions {
  /** What the caller must send as `Authorization: Bearer …`: Vercel sends `CRON_SECRET` so. */
  readonly secret: string
}

/**
 * A route that runs what is due, for the cron of hosts without a process that goes on. The secret is compared in
 * constant time; a call while another one runs is 409; the reply is what `receiver.drain()` did, as JSON. Throws a
 * `TypeError` that names an option at fault.
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
      // The reason is for observers: the inbox tells it.
      return privateReply(503, { code: 'inbox_unavailable' }, { 'retry-after': '5' })
    } finally {
      running = false
    }
  }
}
