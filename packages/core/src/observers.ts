import { combineObservers } from './combine-observers.ts'
import type { Observer } from './observer.ts'

/** The observers of a receiver as one, to which more can be added while it runs. */
export interface Observers {
  /** Always the same object: its methods change with the observers. */
  readonly observer: Observer
  /** Adds an observer; the function it returns takes the observer away again. */
  observe(observer: Observer): () => void
}

/** Combines observers. */
export function createObservers(given: readonly Observer[]): Observers {
  let list = given
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
      return () => renew(list.filter((one) => one !== observer))
    },
  }
}
