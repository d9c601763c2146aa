import type { Delivery, HeaderLines } from '../../delivery.ts'
import { toWebhookError, type WebhookError } from '../../errors.ts'
import { defaultLimits } from '../../limits.ts'
import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { madeOf, remake } from '../../provider/made.ts'
import type { Provider } from '../../provider/provider.ts'
import type { Bounds } from '../bounds.ts'
import type { Change, PlainRequest, Clue, Reads } from '../finding.ts'
import { shiftsOf, type Shift } from '../signature/time.ts'
import { createDelivery } from '../../receive/http-delivery.ts'

/** A state of the search: a request with its provider and keys, and the causes that were undone so far. */
export interface TrialState {
  readonly request: PlainRequest
  readonly provider: Provider
  readonly keys: readonly unknown[]
  readonly steps: readonly Clue[]
}

/**
 * The result of verifying a state. If the delivery verified only at another time, `steps` has the causes of the wrong
 * time.
 */
type TrialOutcome =
  | { readonly accepted: true; readonly steps: readonly Clue[]; readonly error?: WebhookError }
  | { readonly accepted: false; readonly error: WebhookError }

export interface Trial {
  /** Verifies a state. Returns undefined if the bounds are used up. */
  run(state: TrialState): MaybePromise<TrialOutcome | undefined>
  /** Verifies a state as `run` does, and also returns which parts of the delivery were read. */
  look(
    state: TrialState,
  ): Promise<{ readonly outcome: TrialOutcome; readonly reads: Reads } | undefined>
  repaired?: PlainRequest
}

export function createTrial(bounds: Bounds, now: number): Trial {
  return {
    run: (state) => judge(state, deliveryOf(state)),
    async look(state) {
      const { delivery, reads } = recording(deliveryOf(state))
      const outcome = await judge(state, delivery)
      return outcome && { outcome, reads }
    },
  }

  function judge(state: TrialState, delivery: Delivery): MaybePromise<TrialOutcome | undefined> {
    if (!bounds.take()) return undefined
    const turn = bounds.turn(state.request.body.byteLength)
    return turn ? turn.then(() => verified(state, delivery)) : verified(state, delivery)
  }

  function verified(state: TrialState, delivery: Delivery): MaybePromise<TrialOutcome | undefined> {
    const error = verify(state, delivery, now)
    return isPromise(error)
      ? error.then((found) => judged(state, delivery, found))
      : judged(state, delivery, error)
  }

  // Schemes check the time last. So if the delivery verifies at the signed time, only the time was wrong.
  function judged(
    state: TrialState,
    delivery: Delivery,
    error: WebhookError | undefined,
  ): MaybePromise<TrialOutcome | undefined> {
    if (!error) return { accepted: true, steps: [] }
    const shifts = shiftsOf(error, now, state.request.headers)
    return shifts.length === 0 ? { accepted: false, error } : shifted(shifts)

    async function shifted(all: readonly Shift[]): Promise<TrialOutcome> {
      let last = error!
      for (const { at, steps } of all) {
        if (!bounds.take()) break
        const second = await verify(state, delivery, at)
        if (!second) return { accepted: true, steps, error: error! }
        last = second
      }
      return { accepted: false, error: last }
    }
  }
}

/** Applies a change to a state. Returns undefined if the provider rejects the changed options. */
export function changed(state: TrialState, change: Change): TrialState | undefined {
  let { provider } = state
  if (change.options) {
    try {
      provider = remake(provider, change.options)
    } catch {
      return undefined
    }
  }
  return {
    request: change.request ?? state.request,
    provider,
    keys: change.keys ?? state.keys,
    steps: [...state.steps, ...change.steps],
  }
}

export function deliveryOf({ request, provider }: TrialState): Delivery {
  const { method, url, headers, body } = request
  const lines: HeaderLines = {
    get: (name) => headers.get(name)?.[0],
    all: (name) => headers.get(name) ?? [],
    *lines() {
      for (const [name, values] of headers) for (const value of values) yield [name, value]
    },
  }
  return createDelivery({ method, url, headers: lines, body }, defaultLimits(), provider)
}

function verify(
  { provider, keys }: TrialState,
  delivery: Delivery,
  now: number,
): MaybePromise<WebhookError | undefined> {
  const made = madeOf(provider)
  // Stack traces are off: V8 would spend a fifth of the time of each verification on them.
  const { stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = 0
    const found = made
      ? made.verifyWith(keys, delivery, () => now)
      : provider.verify(delivery, () => now)
    return isPromise(found) ? found.then(() => undefined, toWebhookError) : undefined
  } catch (error) {
    return toWebhookError(error)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/**
 * For each member of `Delivery`, the part of the request that the member reads. Members that read headers are not
 * listed, since headers are recorded by name.
 */
const PARTS: { readonly [Member in keyof Delivery]?: 'method' | 'url' | 'body' } = {
  method: 'method',
  url: 'url',
  query: 'url',
  body: 'body',
  content: 'body',
  json: 'body',
  form: 'body',
  xml: 'body',
  text: 'body',
}

/** Returns a delivery that behaves the same and records which of its parts are read. */
export function recording(delivery: Delivery): {
  readonly delivery: Delivery
  readonly reads: Reads
} {
  const reads: Reads = { headers: new Set(), url: false, body: false, method: false }
  const recorded = new Proxy(delivery, {
    get(target, member: keyof Delivery) {
      const part = PARTS[member]
      // The part is recorded before the body is read, since reading an invalid body throws.
      if (part) reads[part] = true
      const value: unknown = target[member]
      if (typeof value !== 'function') return value
      return (...args: readonly unknown[]): unknown => {
        if (member === 'header' || member === 'headers')
          reads.headers.add(String(args[0]).toLowerCase())
        return value.apply(target, args)
      }
    },
  })
  return { delivery: recorded, reads }
}
