import { combineObservers } from './combine-observers.ts'
import type { ObservedReceiver, Observer } from '../observer.ts'

/** The observers of a receiver as one, to which more can be added while it runs. */
export interface Observers {
  /** Always the same object: its methods change with the observers. */
  readonly observer: Observer
  /** Adds an observer; the function it returns takes the observer away again. */
  observe(observer: Observer): () => void
  /** Tells the observers, and those added later, of their receiver. The function that it returns ends that. */
  attach(receiver: ObservedReceiver): () => void
}

/** Combines observers. */
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

/** Observers must not change outcomes. */
function quietly<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
