// The OpenTelemetry SDK sends spans to the collector at OTEL_EXPORTER_OTLP_ENDPOINT. Most apps use
// `@opentelemetry/sdk-node` here, which also instruments Express, databases and HTTP clients. Postern's spans then join
// the trace of the request.
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

const provider = new TracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'webhooks' }),
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
})
context.setGlobalContextManager(new AsyncLocalStorageContextManager())
trace.setGlobalTracerProvider(provider)

/** Sends the remaining spans and stops the SDK. Close it last. */
export const sdk = { close: () => provider.shutdown() }
