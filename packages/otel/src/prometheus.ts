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

/** Where metrics are recorded, and from where they are read. */
interface MetricRegistry {
  /** Records under Postern's instruments. */
  readonly meter: Meter
  /** All metrics in Prometheus' text format. Asynchronous gauges are asked for at most `patience` milliseconds. */
  read(patience: number): Promise<string>
}

/** Makes a registry of its own: the app's OpenTelemetry SDK is neither needed nor touched. */
function createMetricRegistry(): MetricRegistry {
  // It opens no port: the route hands out what it collects.
  const reader = new PrometheusExporter({ preventServerStart: true })
  // Without `target_info` and labels of the instrumentation, which would be on each line.
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
      // A gauge that fails is left out; the others count.
      const { resourceMetrics } = await reader.collect({ timeoutMillis })
      return `${serializer.serialize(resourceMetrics).trimEnd()}\n`
    },
  }
}
