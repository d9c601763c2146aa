import { unknownOptions, type Receiver } from '@postern/core'
import { toFetch, type Route } from '@postern/core/routes'
import { checkSecret, safeEqual } from '@postern/core/scheme'
import { observeMetrics } from '@postern/otel/metrics'
import { createMetricRegistry } from './registry.ts'

/** Options of {@link metrics}. */
export interface MetricsOptions {
  /**
   * The secret in the scraper's `Authorization: Bearer …` (`authorization.credentials` of `scrape_configs`), compared in
   * constant time; any other caller gets 401. @default none: keep the route off the public network
   */
  readonly secret?: string
}

// Prometheus waits for 10 s unless it is told otherwise.
const PATIENCE = 5_000

/**
 * Counts what the receivers do from now on, and returns the route that Prometheus scrapes: deliveries, replies, tasks and
 * inboxes, as the table `INSTRUMENTS` of `@postern/otel` has them. Names, topics and codes are labels; no payload, header,
 * secret or id is. Call it once for each process, with all receivers. Throws a `TypeError` that names a wrong option.
 *
 * @example
 * export default { fetch: metrics([github, stripe]) }
 */
export function metrics(
  receivers: readonly Pick<Receiver, 'observe'>[],
  options: MetricsOptions = {},
): (request: Request) => Promise<Response> {
  return toFetch(metricsRoute(receivers, options))
}

/**
 * The same for `serve()` of an adapter.
 *
 * @example
 * app.get('/metrics', serve(metricsRoute([github, stripe]))) // import { serve } from '@postern/express'
 */
export function metricsRoute(
  receivers: readonly Pick<Receiver, 'observe'>[],
  options: MetricsOptions = {},
): Route {
  unknownOptions('metrics', options, ['secret'])
  const { secret } = options
  if (secret !== undefined) checkSecret('metrics: secret', secret)
  if (
    !Array.isArray(receivers) ||
    receivers.length === 0 ||
    receivers.some((receiver) => typeof receiver?.observe !== 'function')
  )
    throw new TypeError(
      'metrics: receivers must be a list of one or more receivers, as createReceiver() returns them',
    )
  const registry = createMetricRegistry()
  const observer = observeMetrics(registry.meter)
  for (const receiver of receivers) receiver.observe(observer)

  return async ({ method, authorization = '' }) => {
    if (method !== 'GET' && method !== 'HEAD')
      return text(405, 'GET or HEAD\n', { allow: 'GET, HEAD' })
    if (secret !== undefined && !safeEqual(`Bearer ${secret}`, authorization))
      return text(401, 'unauthorized\n', { 'www-authenticate': 'Bearer' })
    return text(200, await registry.read(PATIENCE))
  }
}

// https://prometheus.io/docs/instrumenting/exposition_formats/
function text(
  status: number,
  body: string,
  headers?: Readonly<Record<string, string>>,
): { status: number; headers: Readonly<Record<string, string>>; body: string } {
  return {
    status,
    headers: {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
      ...headers,
    },
    body,
  }
}
