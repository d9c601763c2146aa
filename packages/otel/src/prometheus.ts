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
   * Secret in the scraper's `Authorization: Bearer …` header (`authorization.credentials` of `scrape_configs`),
   * compared in constant time. Any other caller gets 401. @default none: keep the route off the public network
   */
  readonly secret?: string
}

// Milliseconds. Prometheus waits for 10 s by default.
const PATIENCE = 5_000

/**
 * Creates a route that Prometheus scrapes: deliveries, replies, tasks and inboxes of these receivers, as listed in
 * `INSTRUMENTS` of `@postern/otel`. Names, topics and codes are labels; payloads, headers, secrets and ids are not.
 * Call it once per process, with all receivers.
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
 * Creates the same route for `serve()` of an adapter. Throws a `TypeError` if an option is wrong.
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

/** Creates a separate registry: the app's OpenTelemetry SDK is neither needed nor changed. */
function createMetricRegistry(): {
  readonly meter: Meter
  read(patience: number): Promise<string>
} {
  // The exporter opens no port, because the route returns the metrics.
  const reader = new PrometheusExporter({ preventServerStart: true })
  // Without `target_info`, and without instrumentation labels on each line.
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
      // A gauge that fails is left out.
      const { resourceMetrics } = await reader.collect({ timeoutMillis })
      return `${serializer.serialize(resourceMetrics).trimEnd()}\n`
    },
  }
}
