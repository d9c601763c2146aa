import type { Delivery } from '../delivery.ts'
import type { RequestInfo } from '../observer.ts'
import type { Line } from './line.ts'
import { pathOf } from './strip.ts'

/** Names of the steps of the line, in their order. `read` is the adapter's. */
export type StepName =
  | 'admit'
  | 'read'
  | 'greet'
  | 'verify'
  | 'parse'
  | 'handshake'
  | 'identify'
  | 'accept'
  | 'reply'

/** One delivery on its way down the line: what observers and the journal hear of it. */
export class Exchange {
  readonly #line: Pick<Line, 'receiver' | 'provider' | 'observer'>
  readonly #delivery: Pick<Delivery, 'method' | 'url' | 'body'> & Partial<Delivery>
  /** When its head arrived, in milliseconds since 1970. */
  readonly at: number
  /** When its head arrived, on the monotonic clock, in milliseconds. */
  readonly started: number
  /** True once a signature matched. */
  verified = false
  #info: RequestInfo | undefined

  constructor(
    line: Pick<Line, 'receiver' | 'provider' | 'observer'>,
    delivery: Pick<Delivery, 'method' | 'url' | 'body'> & Partial<Delivery>,
    at: number,
    started: number,
  ) {
    this.#line = line
    this.#delivery = delivery
    this.at = at
    this.started = started
  }

  /** The request, the same object for all calls of its delivery; made when somebody asks for it. */
  get info(): RequestInfo {
    return (this.#info ??= this.#make())
  }

  #make(): RequestInfo {
    const { receiver, provider, observer } = this.#line
    const { method, url, body, header } = this.#delivery
    const trace =
      observer.carrier && header ? traceOf((name) => header.call(this.#delivery, name)) : undefined
    return {
      receiver,
      provider: provider.name,
      method,
      path: pathOf(url),
      bytes: body.byteLength,
      at: this.at,
      started: this.started,
      ...(trace && { trace }),
    }
  }
}

// Of the grammar of https://www.w3.org/TR/trace-context/ only the length is checked: its readers check the rest.
const MAX_TRACE = 512

function traceOf(header: (name: string) => string | undefined): RequestInfo['trace'] {
  const traceparent = header('traceparent')
  const tracestate = header('tracestate')
  if (traceparent === undefined || traceparent.length > MAX_TRACE) return undefined
  return {
    traceparent,
    ...(tracestate !== undefined && tracestate.length <= MAX_TRACE && { tracestate }),
  }
}
