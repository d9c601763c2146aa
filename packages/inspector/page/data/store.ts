import { useEffect, useState } from 'preact/hooks'

/** A value that several parts of the page share. */
export interface PageValue<T> {
  readonly get: () => T
  readonly set: (value: T) => void
  readonly subscribe: (listener: () => void) => () => void
}

export function createPageValue<T>(first: T): PageValue<T> {
  let current = first
  const listeners = new Set<() => void>()
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return
      current = value
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Returns the value of a store, and renders the component again when the value changes. */
export function useStore<T>(store: PageValue<T>): T {
  const [value, setValue] = useState(store.get)
  useEffect(() => {
    const read = (): void => setValue(store.get)
    // The value may have changed between the render and this effect.
    read()
    return store.subscribe(read)
  }, [store])
  return value
}
