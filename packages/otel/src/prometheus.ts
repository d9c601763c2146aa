import type { Meter } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { unknownOptions, checkSecret, safeEqual } from '@postern/core/internal'
import type { Receiver } from '@postern/core'
import { toFetch, type Route } from '@postern/core/routes'
import { INSTRUMENTS, metricName } from './instruments.ts'
import { observeMetrics } from './metrics.ts'

/** Options of {@link metrics}. */
export interface MetricsOptions {
  /**
   * Secret that the scraper sends as `Authorization: Bearer …` (`authorization.credentials` of `scrape_configs`). It is
   * compared in constant time. Any other caller gets 401. @default none: keep the route off the public network
   */
  readonly secret?: string
}

// Maximum time to collect the metrics, in milliseconds. Prometheus waits for 10 s by default.
const PATIENCE = 5_000

/**
 * Creates a route that Prometheus scrapes: deliveries, replies, tasks and inboxes of these receivers, as listed in
 * `INSTRUMENTS` of `@postern/otel`. Labels contain names, topics and error codes, but no payloads, headers, secrets or
 * ids. Call this function once per process, with all receivers.
 *
 * @throws {TypeError} if an option is wrong; the message names the option.
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
 * Creates the same route as {@link metrics}, for `serve()` of an adapter. Throws a `TypeError` if an option is wrong.
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

/** Creates a registry that is separate from the app's OpenTelemetry SDK, which may be missing. */
function createMetricRegistry(): {
  readonly meter: Meter
  read(patience: number): Promise<string>
} {
  // The exporter must open no port, because the route returns the metrics.
  const reader = new PrometheusExporter({ preventServerStart: true })
  // The two `true`s leave out `target_info` and the labels that name this library on each line.
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true)
  const provider = new MeterProvider({
    readers: [reader],
    views: Object.values(INSTRUMENTS).map((row) => ({
      instrumentName: row.name,
      name: metricName(row),
    })),
  })
  return {
    meter: provider.getMeter('@postern/otel/prometheus'),
    async read(timeoutMillis) {
      // If reading a gauge fails, the result contains the other metrics.
      const { resourceMetrics } = await reader.collect({ timeoutMillis })
      return `${serializer.serialize(resourceMetrics).trimEnd()}\n`
    },
  }
}
