import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

/**
 * Starts an OpenTelemetry SDK that sends spans to the collector at OTEL_EXPORTER_OTLP_ENDPOINT; none without that. Most apps
 * have `@opentelemetry/sdk-node` or `@vercel/otel` here. The function that it returns sends what waits, and ends it.
 */
export function startTelemetry(service: string): () => Promise<void> {
  if (!process.env['OTEL_EXPORTER_OTLP_ENDPOINT']) return async () => {}
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)
  return () => provider.shutdown()
}
