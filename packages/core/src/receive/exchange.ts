import type { WebhookError } from '../errors.ts'
import type { EventRecord } from '../event.ts'
import type { ArrivalOutcome } from '../inbox/journal.ts'
import type { PartialDelivery } from '../delivery.ts'
import type { RequestInfo, StepName } from '../observe/infos.ts'
import type { Observer } from '../observer.ts'
import { pathOf } from './strip.ts'

interface ExchangeContext {
  readonly receiver: string
  readonly provider: { readonly name: string }
  readonly observer: Observer
  readonly monotonic: () => number
}

/** One delivery while it is processed: collects the facts for observers and the journal. */
export class Exchange {
  readonly #context: ExchangeContext
  readonly #delivery: PartialDelivery
  /** When the headers arrived, in milliseconds since 1970. */
  readonly at: number
  /** When the headers arrived, in milliseconds of the monotonic clock. */
  readonly started: number
  verified = false
  #info: RequestInfo | undefined

  constructor(context: ExchangeContext, delivery: PartialDelivery, at: number, started: number) {
    this.#context = context
    this.#delivery = delivery
    this.at = at
    this.started = started
  }

  /** Facts about the request, created on demand. All observer calls for one delivery get the same object. */
  get info(): RequestInfo {
    return (this.#info ??= this.#make())
  }

  stepEnded(step: StepName): void {
    const { observer, monotonic } = this.#context
    observer.step?.(this.info, step, monotonic())
  }

  #make(): RequestInfo {
    const { receiver, provider, observer } = this.#context
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

/** The result of a delivery, for the journal and the observers. Created when the reply is ready. */
export interface Conclusion {
  readonly outcome: ArrivalOutcome
  readonly events: readonly EventRecord[]
  readonly error?: WebhookError
  /** The rejected delivery. Parts that were not read are absent. */
  readonly delivery?: PartialDelivery
}

// Maximum length of a trace header, in characters. Only the length is checked here; whoever reads the trace checks its
// form: https://www.w3.org/TR/trace-context/
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
