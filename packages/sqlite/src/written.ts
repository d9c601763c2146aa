import type { Store } from './store.ts'

/** Writes in the next transaction; resolves with the result of `run` after the commit. `run` may be called again. */
export function written<T>(store: Pick<Store, 'writer'>, run: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    let result: T
    store.writer.add({
      bytes: 0,
      run: () => void (result = run()),
      done: () => resolve(result),
      failed: reject,
    })
  })
}
