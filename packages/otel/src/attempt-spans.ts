import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Context,
  type Span,
} from '@opentelemetry/api'
import type { AttemptInfo, Observer } from '@postern/core'
import { readCarrier, writeTrace } from './carrier.ts'
import { callErrorName, errorName } from './errors.ts'
import { createRunning, type AttemptKey } from './running.ts'
import { activeOr, markFailed, rootOf, short, suppressed, type Tracing } from './tracing.ts'

/** The spans of attempts, and of the calls that `forward` makes in them. */
interface AttemptSpans {
  readonly observer: Pick<
    Observer,
    | 'attemptStarted'
    | 'around'
    | 'attemptFailed'
    | 'postponed'
    | 'retried'
    | 'done'
    | 'dead'
    | 'fenced'
  > & { readonly call: NonNullable<Observer['call']> }
  /** The context of an attempt: of its span, or of its delivery if it never ran. */
  contextOf(this: void, attempt: AttemptInfo): Context | undefined
}

/** The span of one attempt. */
interface Run {
  readonly span: Span
  readonly context: Context
}

/** Makes the spans of attempts. */
export function createAttemptSpans(tracing: Tracing): AttemptSpans {
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
        // A failure is told by `attemptFailed`, which may come first: a timeout.
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
      fenced: forget,
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
        // The app's propagator may have more to say, in another form too.
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
  // A handler may end after its timeout, and told twice is told wrong.
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
