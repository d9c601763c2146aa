import { chain, steps, wait, type MaybePromise } from '../../basics/maybe.ts'
import { isA } from '../../errors.ts'
import type { BatchWrite, BatchWriter } from './write/batch.ts'
import type { Store } from './store.ts'

/**
 * Reads and writes a store, for operators, the journal and records. `store.rejection` converts errors of the store. A
 * `TypeError` stays as it is.
 */
export interface Access {
  read<T>(look: () => MaybePromise<T>): MaybePromise<T>
  /**
   * Runs a write. A store with one writer runs the write in the next shared transaction. Conflicts are retried until
   * the deadline.
   */
  write<T>(run: () => MaybePromise<T>): Promise<T>
  /**
   * Runs writes in this order. A store with one writer runs them in one transaction, other stores one after another.
   */
  writeAll(writes: readonly (() => MaybePromise<unknown>)[]): Promise<void>
}

/**
 * Returns an {@link Access} for a read-only inbox: each write throws a `TypeError`.
 *
 * @example
 * const access = withoutWrites(createAccess(store, writer, options), 'myInbox')
 */
export function withoutWrites(access: Access, inbox: string): Access {
  const write = async (): Promise<never> => {
    throw new TypeError(
      `${inbox}: readOnly must be false for a change, got true; open the inbox without readOnly`,
    )
  }
  return { read: (look) => access.read(look), write, writeAll: write }
}

interface Write extends BatchWrite {
  readonly run: () => MaybePromise<unknown>
  readonly done: (result: never) => void
}

/** Makes an {@link Access}. `ready` opens the store; `deadline` is in milliseconds. */
export function createAccess(
  store: Store,
  writer: BatchWriter,
  { ready, deadline }: { readonly ready: () => MaybePromise<unknown>; readonly deadline: number },
): Access {
  const batch = writer.batch<Write>({
    rows: 16,
    bytes: Infinity,
    atOnce: 4,
    put: (writes) =>
      steps(function* () {
        const results: unknown[] = []
        for (const { run } of writes) results.push(yield* wait(run()))
        return () => writes.forEach(({ done }, at) => done(results[at] as never))
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
    async writeAll(writes) {
      if (!store.opened) await ready()
      if (store.together) await Promise.all(writes.map(write))
      else for (const run of writes) await write(run)
    },
  }

  async function write<T>(run: () => MaybePromise<T>): Promise<T> {
    if (!store.opened) await ready()
    return new Promise<T>((done, failed) => {
      batch.add({ bytes: 1, deadline: performance.now() + deadline, run, done, failed })
    })
  }

  function reject(error: unknown): never {
    throw store.rejection(error)
  }
}
