import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { isA } from '../../errors.ts'
import type { BatchWork } from './write/backlog.ts'
import type { BatchWriter } from './write/batch.ts'
import type { Store } from './store.ts'

/** A function in steps: `yield* wait(value)` gives a value that is there now or later. */
export type Steps<T> = Generator<unknown, T, never>

/** Waits for one value inside {@link steps}. */
export function* wait<T>(value: MaybePromise<T>): Generator<MaybePromise<T>, T, T> {
  return yield value
}

/** Runs the steps: at once if all values are there, so that one code serves synchronous and asynchronous stores. */
export function steps<T>(make: () => Steps<T>): MaybePromise<T> {
  const run = make()
  return go(() => run.next(undefined as never))

  function go(first: () => IteratorResult<unknown, T>): MaybePromise<T> {
    for (let step = first; ;) {
      const { done, value } = step()
      if (done === true) return value as T
      if (isPromise(value))
        return value.then(
          (settled) => go(() => run.next(settled as never)),
          (error: unknown) => go(() => run.throw(error)),
        )
      step = () => run.next(value as never)
    }
  }
}

/** Goes on with a value now or later; cheaper than {@link steps} on the hot path. */
export function chain<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value)
}

/** How view, journal and records reach the store. Its errors become rejections; a `TypeError` stays one. */
export interface Access {
  read<T>(look: () => MaybePromise<T>): MaybePromise<T>
  /** Writes: in the next shared transaction of a store with one writer. A conflict is tried again until the deadline. */
  write<T>(work: () => MaybePromise<T>): Promise<T>
  /** Writes in this order: in one transaction of a store with one writer, else one after another. */
  writeAll(works: readonly (() => MaybePromise<unknown>)[]): Promise<void>
}

interface Work extends BatchWork {
  readonly run: () => MaybePromise<unknown>
  readonly done: (result: never) => void
}

/** Makes an {@link Access}. `ready` opens the store; `deadline` is in milliseconds. */
export function createAccess(
  store: Store,
  writer: BatchWriter,
  { ready, deadline }: { readonly ready: () => MaybePromise<unknown>; readonly deadline: number },
): Access {
  const batch = writer.batch<Work>({
    rows: 16,
    bytes: Infinity,
    atOnce: 4,
    put: (works) =>
      steps(function* () {
        const results: unknown[] = []
        for (const { run } of works) results.push(yield* wait(run()))
        return () => works.forEach(({ done }, at) => done(results[at] as never))
      }),
    fault(error) {
      if (isA(error, TypeError)) return 'one'
      const fault = store.fault(error)
      if (fault === 'again') return 'again'
      return fault === 'away' || fault === 'back' ? 'all' : 'one'
    },
  })

  return {
    read(look) {
      try {
        const found = store.opened ? look() : chain(ready(), look)
        return found instanceof Promise ? found.catch(reject) : found
      } catch (error) {
        return reject(error)
      }
    },
    write,
    async writeAll(works) {
      // A store that opens at once is open before the first of them goes on.
      if (!store.opened) await ready()
      if (store.together) await Promise.all(works.map(write))
      else for (const work of works) await write(work)
    },
  }

  async function write<T>(work: () => MaybePromise<T>): Promise<T> {
    if (!store.opened) await ready()
    return new Promise<T>((done, failed) => {
      batch.add({ bytes: 1, deadline: performance.now() + deadline, run: work, done, failed })
    })
  }

  function reject(error: unknown): never {
    throw store.rejection(error)
  }
}
