import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

/**
 * Starts an OpenTelemetry SDK, which sends spans to the collector at OTEL_EXPORTER_OTLP_ENDPOINT. Without that
 * variable, it does nothing. Most apps use `@opentelemetry/sdk-node` or `@vercel/otel` here. Returns a function that
 * sends the remaining spans and stops the SDK.
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
