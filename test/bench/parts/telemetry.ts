import { join } from 'node:path'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { otel } from '@postern/otel'
import { startChild } from '../child.ts'
import type { Effort, PartResult } from '../report/part.ts'
import { median } from '../../services/figures.ts'
import { interleave } from './interleave.ts'
import { handledSource, type Source } from './source.ts'

const BYTES = 1024
const BOUND = 1.5

/** Measures the cost that the observer of `@postern/otel` adds to a delivery and its task, with and without an SDK. */
export async function telemetry({ quick }: Effort): Promise<PartResult> {
  const effort = { quick, bytes: BYTES }
  const [bare, idle] = await interleave([works(handledSource()), works(observed(otel()))], effort)
  const without = net(idle!, bare!)

  const sink = startChild(join(import.meta.dirname, 'telemetry-sink.ts'))
  const { port } = (await sink.ask()) as { readonly port: number }
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${port}/v1/traces` })
  const processor = new BatchSpanProcessor({ exporter, maxQueueSize: 1_000_000 })
  const traces = new TracerProvider({ spanProcessors: [processor] })
  const meters = new MeterProvider({ readers: [new Unread()] })
  const tracer = traces.getTracer('postern')
  const meter = meters.getMeter('postern')
  const spans = observed(otel({ tracer, meter: false }))
  const metrics = observed(otel({ tracer: false, meter }))
  const both = observed(otel({ tracer, meter }))
  // Exports the remaining spans within their round, so that the export counts.
  const exported = (source: Source) => async (count: number) => {
    await source.run(count)
    await traces.forceFlush()
  }
  const [again, ofSpans, ofMetrics, ofBoth] = await interleave(
    [works(handledSource()), exported(spans), works(metrics), exported(both)],
    effort,
  )
  await traces.shutdown()
  await sink.stop()

  return {
    tables: [
      {
        title: 'Telemetry: what @postern/otel adds to a delivery and its task',
        note: 'receive() of 1 KB in process with the inbox in memory, and a handler; CPU microseconds, medians of interleaved rounds. With an SDK each delivery has three spans (receive with its steps, send, process), exported in batches by OTLP/HTTP to another process, and six measurements; all is sampled, and the export is in the figure.',
        head: ['observer', 'receive() µs', 'added µs'],
        rows: [
          ['none', shown(bare!), ''],
          ['otel(), no SDK', shown(idle!), without.toFixed(2)],
          ['none, beside an SDK', shown(again!), ''],
          ['otel(), metrics', shown(ofMetrics!), net(ofMetrics!, again!).toFixed(1)],
          ['otel(), spans', shown(ofSpans!), net(ofSpans!, again!).toFixed(1)],
          ['otel(), both', shown(ofBoth!), net(ofBoth!, again!).toFixed(1)],
        ],
      },
    ],
    targets: [
      {
        what: 'Telemetry, @postern/otel without an SDK, more CPU for a delivery',
        got: without,
        bound: BOUND,
        lower: true,
        unit: 'µs',
      },
    ],
  }
}

/** A reader that never reads, so that only recording is measured. */
class Unread extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

function observed(observer: ReturnType<typeof otel>): Source {
  return handledSource({ observers: [observer] })
}

function works(source: Source): (count: number) => Promise<void> {
  return (count) => source.run(count)
}

/** Returns the median of the rounds' differences. */
function net(these: readonly number[], those: readonly number[]): number {
  return median(these.map((one, round) => one - those[round]!))
}

function shown(times: readonly number[]): string {
  return median(times).toFixed(1)
}
