import type { Meter } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { INSTRUMENTS } from '@postern/otel/metrics'
import { metricName } from './metric-names.ts'

/** Where metrics are recorded, and from where they are read. */
interface MetricRegistry {
  /** Records under Postern's instruments. */
  readonly meter: Meter
  /** All metrics in Prometheus' text format. Asynchronous gauges are asked for at most `patience` milliseconds. */
  read(patience: number): Promise<string>
}

/** Makes a registry of its own: the app's OpenTelemetry SDK is neither needed nor touched. */
export function createMetricRegistry(): MetricRegistry {
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
    meter: provider.getMeter('@postern/prometheus'),
    async read(timeoutMillis) {
      // A gauge that fails is left out; the others count.
      const { resourceMetrics } = await reader.collect({ timeoutMillis })
      return `${serializer.serialize(resourceMetrics).trimEnd()}\n`
    },
  }
}
