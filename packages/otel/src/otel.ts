import {
  createNoopMeter,
  metrics,
  type Meter,
  type Tracer,
  context,
  type Context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Span,
} from '@opentelemetry/api'
import { unknownOptions, type ObservedReceiver, unref } from '@postern/core/internal'
import {
  type Observer,
  OBSERVER_METHODS,
  type AttemptInfo,
  type ObserverMethod,
  type RequestInfo,
} from '@postern/core'
import {
  createDeliverySpans,
  readCarrier,
  writeTrace,
  globalTracer,
  activeOr,
  markFailed,
  rootOf,
  short,
  suppressed,
  type Tracing,
} from './delivery-spans.ts'
import { observeMetrics, callErrorName, errorName } from './metrics.ts'
import { createRunning, type AttemptKey } from './running.ts'

/** Options of {@link otel}. */
export interface OtelOptions {
  /**
   * Tracer that creates the spans, or false for no spans. @default the `postern` tracer of the global provider, if an
   * SDK is registered within a minute
   */
  readonly tracer?: Tracer | false
  /**
   * Meter that records the metrics, or false for no metrics.
   * @default the `postern` meter of the global provider, if an SDK is registered within a minute
   */
  readonly meter?: Meter | false
  /**
   * True makes the sender's `traceparent` the parent of the span `receive`, if no span is active. Use this option only
   * for your own senders: the header is not signed, and decides the trace id and sampling. @default false: the span
   * `receive` only has a link
   */
  readonly trustSender?: boolean
  /**
   * True makes attempts children of the span `send`, in the trace of the delivery. Such a trace lasts as long as
   * retries do: hours or days. @default false: each attempt has its own trace, with a link
   */
  readonly sameTrace?: boolean
  /** True records message and stack of handler errors, which may quote a payload. @default false: only error names */
  readonly exceptions?: boolean
}

/** Observer that creates spans and metrics. */
export interface Otel extends Observer {
  /**
   * Wraps an observer, such as a logger. Each method of the observer then runs inside the span of the delivery or
   * attempt, so that log lines have the trace id.
   */
  inTrace(observer: Observer): Observer
}

/**
 * Creates an observer for OpenTelemetry. A delivery has a span `receive <receiver>`, with the steps of the receiver as
 * span events. If events are stored, it also has a span `send <receiver>`. Each attempt has a span `process
 * <receiver>`, linked to `send` through the stored trace context. Each HTTP call of `forward` has a span too. Handlers
 * run inside their span. The metrics are those of {@link INSTRUMENTS}. Without an SDK, the observer does nothing. No
 * attribute contains a payload, a secret or a header.
 *
 * @throws TypeError if an option is wrong.
 *
 * @example
 * const telemetry = otel()
 * createReceiver({ provider, observers: [telemetry], log: telemetry.inTrace(structuredLogger(write)) })
 */
export function otel(options: OtelOptions = {}): Otel {
  unknownOptions('otel', options, OPTIONS)
  const { tracer, meter, trustSender = false, sameTrace = false, exceptions = false } = options
  checkPart('tracer', tracer, 'startSpan', "trace.getTracer('postern')")
  checkPart('meter', meter, 'createCounter', "metrics.getMeter('postern')")
  for (const [name, value] of Object.entries({ trustSender, sameTrace, exceptions }))
    if (typeof value !== 'boolean')
      throw new TypeError(`otel: ${name} must be true or false, got ${String(value)}`)
  const findMeter = meter === undefined ? globalMeter() : () => meter || undefined
  const tracing = {
    tracer: tracer === undefined ? globalTracer() : () => tracer || undefined,
    trustSender,
    sameTrace,
    exceptions,
  }
  const deliveries = createDeliverySpans(tracing)
  const attempts = createAttemptSpans(tracing)
  const parts: readonly ObserverPart[] = [
    {
      ready: () => tracing.tracer() !== undefined,
      observer: { ...deliveries.observer, ...attempts.observer },
    },
    { ready: () => findMeter() !== undefined, observer: observeMetrics(findMeter) },
  ]
  return {
    // Observers join only when an SDK is ready, because even an observer that does nothing costs some microseconds per
    // delivery.
    attached: (receiver) => joinWhenReady(receiver, parts),
    inTrace: (observer) =>
      inTrace(observer, { ofRequest: deliveries.contextOf, ofAttempt: attempts.contextOf }),
  }
}

const OPTIONS: readonly (keyof OtelOptions)[] = [
  'tracer',
  'meter',
  'trustSender',
  'sameTrace',
  'exceptions',
]

/** Finds the global meter once an SDK is registered: a meter that was created before never records. */
function globalMeter(): () => Meter | undefined {
  const noop = createNoopMeter()
  let from: unknown
  let meter: Meter | undefined
  return () => {
    const provider = metrics.getMeterProvider()
    if (provider === from) return meter
    from = provider
    const found = provider.getMeter('postern')
    return (meter = found === noop ? undefined : found)
  }
}

function checkPart(name: string, given: unknown, method: string, remedy: string): void {
  if (given === undefined || given === false) return
  if (typeof (given as Record<string, unknown> | null)?.[method] !== 'function')
    throw new TypeError(`otel: ${name} has no ${method}; give ${remedy}, or false for none`)
}

interface Contexts {
  ofRequest(request: RequestInfo): Context | undefined
  ofAttempt(attempt: AttemptInfo): Context | undefined
}

function inTrace(observer: Observer, contexts: Contexts): Observer {
  const wrapped: Record<string, unknown> = { ...observer }
  for (const [name, about] of Object.entries(OBSERVER_METHODS) as [ObserverMethod, string][]) {
    if (about === 'receiver') continue
    const method = observer[name] as ((...args: unknown[]) => unknown) | undefined
    if (method)
      wrapped[name] = (...args: unknown[]) => {
        const found = contextOf(args, contexts)
        const call = (): unknown => method.apply(observer, args)
        return found ? context.with(found, call) : call()
      }
  }
  return wrapped as Observer
}

function contextOf(args: readonly unknown[], contexts: Contexts): Context | undefined {
  for (const arg of args) {
    if (typeof arg !== 'object' || arg === null) continue
    if ('task' in arg && 'receivedAt' in arg) return contexts.ofAttempt(arg as AttemptInfo)
    if ('bytes' in arg && 'started' in arg) return contexts.ofRequest(arg as RequestInfo)
  }
  return undefined
}

/** Observer that is added to the receiver once `ready` returns true. */
interface ObserverPart {
  readonly ready: () => boolean
  readonly observer: Observer
}

// Milliseconds between two checks, and maximum number of checks. An SDK starts before the app or soon after it.
const EVERY = 1000
const TIMES = 60

/** Adds each part to a receiver once the part is ready, within a minute. Returns a function that removes all parts. */
function joinWhenReady(receiver: ObservedReceiver, parts: readonly ObserverPart[]): () => void {
  const leave: (() => void)[] = []
  let waiting = parts
  let times = 0
  let timer: ReturnType<typeof setInterval> | undefined
  look()
  if (waiting.length > 0) lookAgain()
  return () => {
    clearInterval(timer)
    for (const end of leave) end()
  }

  function look(): void {
    waiting = waiting.filter(({ ready, observer }) => {
      if (!ready()) return true
      leave.push(receiver.observe(observer))
      return false
    })
  }

  function lookAgain(): void {
    try {
      timer = setInterval(() => {
        look()
        if (waiting.length === 0 || ++times === TIMES) clearInterval(timer)
      }, EVERY)
      unref(timer)
    } catch {
      // Cloudflare Workers allow no timer outside a request. Without a timer there is no second check, so the SDK must
      // start before this call.
    }
  }
}

interface Run {
  readonly span: Span
  readonly context: Context
}

/** Creates the spans of attempts, and of the HTTP calls that `forward` makes in an attempt. */
function createAttemptSpans(tracing: Tracing): {
  readonly observer: Observer
  /** Returns the trace context of an attempt, or of its delivery if the attempt never ran. */
  contextOf(this: void, attempt: AttemptInfo): Context | undefined
} {
  const running = createRunning<Run>(({ span }) => span.end())

  return {
    contextOf(attempt) {
      if (!tracing.tracer()) return undefined
      const found = running.get(attempt)
      if (found) return found.context
      const { delivery } = readCarrier(attempt.carrier)
      return delivery && trace.setSpanContext(ROOT_CONTEXT, delivery)
    },
    observer: {
      attemptStarted(attempt) {
        const tracer = tracing.tracer()
        if (!tracer) return
        const { delivery, sender } = readCarrier(attempt.carrier)
        const parent = tracing.sameTrace ? delivery : undefined
        const links = [parent ? undefined : delivery, sender]
        const span = tracer.startSpan(
          `process ${attempt.receiver}`,
          {
            kind: SpanKind.CONSUMER,
            links: links.flatMap((one) => (one ? [{ context: one }] : [])),
            attributes: attributesOf(attempt),
          },
          parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
        )
        running.set(attempt, { span, context: rootOf(span) })
      },
      around(event, task, next) {
        const key = { receiver: event.receiver, task: task.id, attempt: task.attempt }
        const run = running.get(key)
        if (!run) return next()
        const result = context.with(run.context, next)
        if (!isPromise(result)) end(run, 'done')
        // If the handler fails, `attemptFailed` ends the span. At a timeout, `attemptFailed` is called before this
        // promise rejects.
        else
          result.then(
            () => end(run, 'done'),
            () => {},
          )
        return result
      },
      attemptFailed(attempt, error, planned) {
        const run = running.get(attempt)
        if (!run) return
        const type = errorName(error)
        markFailed(run.span, short(type))
        if (tracing.exceptions) run.span.recordException(error as Error)
        else run.span.addEvent('exception', { 'exception.type': short(type) })
        end(run, planned.kind)
      },
      postponed(attempt) {
        const run = running.delete(attempt)
        if (run) end(run, 'postpone')
      },
      retried: forget,
      done: forget,
      dead: forget,
      outcomeRejected: forget,
      async call(call, next) {
        const tracer = tracing.tracer()
        if (!tracer) return next()
        const { attempt, destination, method, scheme, host, port } = call
        const around = activeOr(running.get(attempt)?.context)
        const span = tracer.startSpan(
          method,
          {
            kind: SpanKind.CLIENT,
            attributes: {
              'http.request.method': method,
              'url.scheme': scheme,
              'server.address': short(host),
              'server.port': port,
              'postern.destination': short(destination),
              ...(attempt.attempt > 1 && { 'http.request.resend_count': attempt.attempt - 1 }),
            },
          },
          around,
        )
        const inside = trace.setSpan(around, span)
        // In addition to `traceparent`, the app's propagator may set trace headers of its own.
        const headers: Record<string, string> = { ...writeTrace(span.spanContext()) }
        propagation.inject(inside, headers)
        try {
          const answer = await context.with(suppressed(inside), () => next(headers))
          span.setAttribute('http.response.status_code', answer.status)
          if (answer.status >= 400) markFailed(span, String(answer.status))
          return answer
        } catch (error) {
          markFailed(span, short(callErrorName(error)))
          throw error
        } finally {
          span.end()
        }
      },
    },
  }

  function forget(attempt: AttemptKey): void {
    running.delete(attempt)
  }
}

function end({ span }: Run, outcome: string): void {
  // If a handler returns after its timeout, the span has already ended with the outcome of the timeout.
  if (!span.isRecording()) return
  span.setAttribute('postern.outcome', outcome)
  span.end()
}

function attributesOf(attempt: AttemptInfo): Record<string, string | number> {
  const { receiver, provider, subscription, id, topic, task, part } = attempt
  return {
    'messaging.system': 'postern',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': receiver,
    'messaging.consumer.group.name': subscription,
    ...(id !== undefined && { 'messaging.message.id': short(id) }),
    'postern.provider': provider,
    'postern.topic': short(topic),
    'postern.task.id': short(task),
    'postern.task.attempt': attempt.attempt,
    ...(part !== undefined && { 'postern.destination': short(part) }),
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
