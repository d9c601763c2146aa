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

/** One delivery on its way through the steps: what observers and the journal hear of it. */
export class Exchange {
  readonly #context: ExchangeContext
  readonly #delivery: PartialDelivery
  /** When its head arrived, in milliseconds since 1970. */
  readonly at: number
  /** When its head arrived, on the monotonic clock, in milliseconds. */
  readonly started: number
  /** True once a signature matched. */
  verified = false
  #info: RequestInfo | undefined

  constructor(context: ExchangeContext, delivery: PartialDelivery, at: number, started: number) {
    this.#context = context
    this.#delivery = delivery
    this.at = at
    this.started = started
  }

  /** The request, the same object for all calls of its delivery; made when somebody asks for it. */
  get info(): RequestInfo {
    return (this.#info ??= this.#make())
  }

  /** Notifies the observers that a step has ended. */
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

/** The conclusion of a delivery for the journal and the observers, once the reply is ready. */
export interface Conclusion {
  readonly outcome: ArrivalOutcome
  readonly events: readonly EventRecord[]
  readonly error?: WebhookError
  /** The rejected delivery, as far as it was read. */
  readonly delivery?: PartialDelivery
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
