import { context, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { MeterProvider, MetricReader, type DataPoint } from '@opentelemetry/sdk-metrics'
import { TracerProvider, type ReadableSpan, type Sampler } from '@opentelemetry/sdk-trace'

/** Data point of a metric, with plain values. */
export interface Point {
  readonly attributes: Readonly<Record<string, unknown>>
  readonly value: DataPoint<unknown>['value']
}

/** Registered SDK that records its data. */
export interface Sdk {
  readonly spans: readonly ReadableSpan[]
  /** Returns the spans of this name, in order of their end. */
  named(name: string): readonly ReadableSpan[]
  /** Waits for this number of spans of the name. */
  until(name: string, count?: number): Promise<readonly ReadableSpan[]>
  /** Collects and returns the points of a metric. */
  points(name: string): Promise<readonly Point[]>
  stop(): Promise<void>
}

class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

export function startSdk(options: { readonly sampler?: Sampler } = {}): Sdk {
  const spans: ReadableSpan[] = []
  const waiting: (() => void)[] = []
  const provider = new TracerProvider({
    ...options,
    spanProcessors: [
      {
        onStart() {},
        onEnd(span) {
          spans.push(span)
          for (const wake of waiting.splice(0)) wake()
        },
        async forceFlush() {},
        async shutdown() {},
      },
    ],
  })
  const reader = new ManualReader()
  const meters = new MeterProvider({ readers: [reader] })
  trace.setGlobalTracerProvider(provider)
  metrics.setGlobalMeterProvider(meters)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const named = (name: string): readonly ReadableSpan[] =>
    spans.filter((span) => span.name === name)
  return {
    spans,
    named,
    async until(name, count = 1) {
      while (named(name).length < count) await new Promise<void>((wake) => waiting.push(wake))
      return named(name)
    },
    async points(name) {
      const { resourceMetrics } = await reader.collect()
      return resourceMetrics.scopeMetrics
        .flatMap((scope) => scope.metrics)
        .filter((metric) => metric.descriptor.name === name)
        .flatMap((metric) => metric.dataPoints as readonly DataPoint<unknown>[])
        .map(({ attributes, value }) => ({ attributes, value }))
    },
    async stop() {
      trace.disable()
      metrics.disable()
      context.disable()
      propagation.disable()
      await Promise.all([provider.shutdown(), meters.shutdown()])
    },
  }
}
