import {
  context,
  SpanKind,
  trace,
  type Context,
  type Link,
  type Span,
  type SpanContext,
} from '@opentelemetry/api'
import type { EventInfo, Observer, RequestInfo } from '@postern/core'
import { readTrace, writeCarrier } from './carrier.ts'
import { markFailed, hrTime, short, type Tracing } from './tracing.ts'

/** The spans of deliveries: `receive` for each, and `send` for what is handed to the inbox. */
interface DeliverySpans {
  readonly observer: Pick<
    Observer,
    'received' | 'step' | 'carrier' | 'accepted' | 'duplicate' | 'answered'
  >
  /** The context of a delivery, for what is told of it; undefined without an SDK. */
  contextOf(this: void, request: RequestInfo): Context | undefined
}

/** The spans of one delivery. */
interface Open {
  readonly receive: Span | undefined
  readonly context: Context
  readonly sender: SpanContext | undefined
  send?: Span
  /** The last step, on the receiver's clock. */
  at: number
  /** The end of the step `accept`, on the same. */
  accepted?: number
}

const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
])

/** Makes the spans of deliveries. */
export function createDeliverySpans(tracing: Tracing): DeliverySpans {
  // A delivery that `take` hands in is never answered: nothing must hold its request.
  const open = new WeakMap<RequestInfo, Open>()

  return {
    contextOf: (request) => (open.get(request) ?? begin(request))?.context,
    observer: {
      received: (request) => void begin(request),
      step(request, name, at) {
        const spans = open.get(request)
        if (!spans) return
        spans.at = at
        spans.receive?.addEvent(name, timeOf(request, at))
        if (name === 'accept') spans.accepted = at
      },
      carrier(request) {
        const tracer = tracing.tracer()
        if (!tracer) return undefined
        const spans = open.get(request) ?? taken(request)
        const { receiver, provider } = request
        spans.send = tracer.startSpan(
          `send ${receiver}`,
          {
            kind: SpanKind.PRODUCER,
            startTime: timeOf(request, spans.at),
            attributes: {
              'messaging.system': 'postern',
              'messaging.operation.name': 'send',
              'messaging.operation.type': 'send',
              'messaging.destination.name': receiver,
              'postern.provider': provider,
            },
          },
          spans.context,
        )
        return writeCarrier(spans.send.spanContext(), spans.sender)
      },
      accepted: (event, _, request) => sent(event, request),
      duplicate: (event, _, request) => sent(event, request),
      answered(request, { outcome, status, took, code, events }) {
        const spans = open.get(request) ?? begin(request)
        if (!spans) return
        const end = hrTime(request.at + took)
        const { receive, send } = spans
        if (receive) {
          receive.setAttributes({ 'postern.outcome': outcome, 'http.response.status_code': status })
          // As HTTP servers do: what the sender did wrong is no error of ours.
          if (code !== undefined && status >= 500) markFailed(receive, code)
          else if (code !== undefined) receive.setAttribute('error.type', code)
          describe(receive, events)
        }
        if (send) {
          if (code !== undefined) markFailed(send, code)
          else send.setAttribute('postern.outcome', outcome)
          describe(send, events)
          // What follows on that step is the reply. An inbox that refused has none.
          send.end(spans.accepted === undefined ? end : timeOf(request, spans.accepted))
        }
        receive?.end(end)
      },
    },
  }

  function begin(request: RequestInfo): Open | undefined {
    const tracer = tracing.tracer()
    if (!tracer) return undefined
    const { receiver, provider, method, bytes, at, started } = request
    const active = context.active()
    const local = trace.getSpan(active)
    const sender = readTrace(request.trace)
    const goesOn = !local && sender && tracing.trustSender
    // An instrumentation of HTTP took the sender's trace as its own.
    const known = goesOn || sender?.traceId === local?.spanContext().traceId
    const links: Link[] = sender && !known ? [{ context: sender }] : []
    const receive = tracer.startSpan(
      `receive ${receiver}`,
      {
        kind: local ? SpanKind.INTERNAL : SpanKind.SERVER,
        startTime: at,
        links,
        attributes: {
          'messaging.destination.name': receiver,
          'postern.provider': provider,
          'http.request.method': METHODS.has(method) ? method : '_OTHER',
          'http.request.body.size': bytes,
        },
      },
      goesOn ? trace.setSpanContext(active, sender) : active,
    )
    const spans: Open = { receive, context: trace.setSpan(active, receive), sender, at: started }
    open.set(request, spans)
    return spans
  }

  /** A delivery of `take`: it has no line, and so no span of its own. */
  function taken(request: RequestInfo): Open {
    const { started } = request
    const spans: Open = {
      receive: undefined,
      context: context.active(),
      sender: readTrace(request.trace),
      at: started,
    }
    open.set(request, spans)
    return spans
  }

  function sent(event: EventInfo, request: RequestInfo): void {
    const spans = open.get(request)
    if (!spans || spans.receive || !spans.send) return
    describe(spans.send, [event])
    spans.send.end()
  }
}

/** The time of the receiver's clock as one of the world's. */
function timeOf({ at, started }: RequestInfo, clock: number): [number, number] {
  return hrTime(at + clock - started)
}

function describe(span: Span, events: readonly EventInfo[]): void {
  const [first] = events
  if (!first) return
  if (events.length > 1) span.setAttribute('messaging.batch.message_count', events.length)
  else {
    span.setAttribute('postern.topic', short(first.topic))
    if (first.id !== undefined) span.setAttribute('messaging.message.id', short(first.id))
  }
}
