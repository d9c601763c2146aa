import type { Consumer } from '../inbox.ts'

/**
 * The clock that measures a receiver's runs, in milliseconds: the receiver's own `monotonic`, else that of the process.
 *
 * @example
 * const stopwatch = stopwatchOf(consumer)
 * const began = stopwatch()
 */
export function stopwatchOf({ monotonic }: Pick<Consumer, 'monotonic'>): () => number {
  return monotonic ?? (() => performance.now())
}
