import type { ObservedReceiver, Observer } from '../observer.ts'
import { isPromise } from '../basics/maybe.ts'

/** All observers of a receiver, combined to one. Observers can be added and removed while the receiver runs. */
export interface Observers {
  /** The combined observer. It is always the same object, whose methods change when observers are added or removed. */
  readonly observer: Observer
  readonly observe: (observer: Observer) => () => void
  /**
   * Calls `attached` of all observers, also of observers that are added later. Returns the function that detaches the
   * observers.
   */
  attach(receiver: ObservedReceiver): () => void
}

export function createObservers(given: readonly Observer[]): Observers {
  let list = given
  let attached: ObservedReceiver | undefined
  const detachers = new Map<Observer, () => void>()
  const all = combineObservers(list)
  const renew = (next: readonly Observer[]): void => {
    list = next
    for (const name of Object.keys(all)) Reflect.deleteProperty(all, name)
    Object.assign(all, combineObservers(list))
  }
  return {
    observer: all,
    observe(observer) {
      renew([...list, observer])
      attach(observer)
      return () => {
        renew(list.filter((one) => one !== observer))
        detach(observer)
      }
    },
    attach(receiver) {
      attached = receiver
      list.forEach(attach)
      return () => {
        attached = undefined
        for (const observer of detachers.keys()) detach(observer)
      }
    },
  }

  function attach(observer: Observer): void {
    if (!attached || detachers.has(observer)) return
    const end = quietly(() => observer.attached?.(attached!))
    if (typeof end === 'function') detachers.set(observer, end)
  }

  function detach(observer: Observer): void {
    const end = detachers.get(observer)
    detachers.delete(observer)
    if (end) quietly(end)
  }
}

// An error of an observer must not change the outcome of a delivery or task.
function quietly<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}

/**
 * Combines observers to one observer that calls all of them and ignores their errors. The result has only methods that
 * at least one of the observers has.
 */
function combineObservers(observers: readonly Observer[]): Observer {
  const combined: Record<string, (...args: unknown[]) => void> = {}
  for (const name of Object.keys(OBSERVER_METHODS) as ObserverMethod[]) {
    const heard = observers.filter((observer) => observer[name] !== undefined)
    if (heard.length === 0) continue
    combined[name] = (...args) => {
      for (const observer of heard) {
        try {
          ;(observer[name] as (...args: unknown[]) => void).apply(observer, args)
        } catch {
          // Ignores the error as `quietly` does, without a closure for each call.
        }
      }
    }
  }
  const combinedObserver = combined as Observer
  const carrier = observers.find((observer) => observer.carrier !== undefined)
  if (carrier) combinedObserver.carrier = (request) => quietly(() => carrier.carrier!(request))
  const around = nested<Around>(
    observers.flatMap((one) => one.around?.bind(one) ?? []),
    (outer, inner) => (event, task, next) =>
      guarded((run) => outer(event, task, run), inner ? () => inner(event, task, next) : next),
  )
  if (around) combinedObserver.around = around
  // An observer's method `call` can pass headers to `next`, so the headers of all observers are merged.
  const call = nested<Call>(
    observers.flatMap((one) => one.call?.bind(one) ?? []),
    (outer, inner) => (info, next) =>
      guarded<CallNext>(
        (run) => outer(info, run),
        inner
          ? (headers) =>
              inner(info, (more) => next({ ...headers, ...more })) as ReturnType<CallNext>
          : next,
      ),
  )
  if (call) combinedObserver.call = call
  return combinedObserver
}

type Around = NonNullable<Observer['around']>
type Call = NonNullable<Observer['call']>
type CallNext = Parameters<Call>[1]

/** Combines wrapping methods to one, the first outermost; undefined for an empty list, so that nothing is wrapped. */
function nested<Method>(
  methods: readonly Method[],
  around: (outer: Method, inner: Method | undefined) => Method,
): Method | undefined {
  return methods.reduceRight<Method | undefined>((inner, outer) => around(outer, inner), undefined)
}

/**
 * Calls `wrap(next)` and returns the outcome of `next`. `next` runs exactly once, even if `wrap` throws, never calls
 * `next` or calls it twice.
 */
function guarded<Next extends (...args: never[]) => unknown>(
  wrap: (next: Next) => unknown,
  next: Next,
): unknown {
  let outcome: (() => unknown) | undefined
  const run = (...args: never[]): unknown => {
    if (outcome) return outcome()
    try {
      const value = next(...args)
      outcome = () => value
    } catch (error) {
      outcome = () => {
        throw error
      }
    }
    return outcome()
  }
  const wrapped = quietly(() => wrap(run as Next))
  if (!isPromise(wrapped)) return run()
  // An asynchronous `wrap` may call `next` later, so its promise is awaited. If `next` has already run, the promise of
  // `wrap` does not matter, and its rejection is ignored.
  const ended = wrapped.then(
    () => run(),
    () => run(),
  )
  if (outcome === undefined) return ended
  ended.catch(() => {})
  return run()
}

/** The methods of an observer that return nothing. */
export type ObserverMethod = Exclude<keyof Observer, 'attached' | 'carrier' | 'around' | 'call'>

/**
 * For each method, its subject: a request, an attempt at a task, or neither (`receiver`). Every method must be listed
 * here, so that code that combines or wraps observers includes all of them.
 */
export const OBSERVER_METHODS: Readonly<
  Record<ObserverMethod, 'request' | 'attempt' | 'receiver'>
> = {
  received: 'request',
  rejected: 'request',
  explained: 'request',
  handshake: 'request',
  accepted: 'request',
  duplicate: 'request',
  idConflict: 'request',
  unhandled: 'request',
  step: 'request',
  replied: 'request',
  answerFailed: 'request',
  attemptStarted: 'attempt',
  attemptFailed: 'attempt',
  retried: 'attempt',
  postponed: 'attempt',
  done: 'attempt',
  dead: 'attempt',
  outcomeRejected: 'attempt',
  interrupted: 'receiver',
  folded: 'receiver',
  silent: 'receiver',
  catchUpEnded: 'receiver',
  destinationPaused: 'receiver',
  operatorActed: 'receiver',
  warning: 'receiver',
}
