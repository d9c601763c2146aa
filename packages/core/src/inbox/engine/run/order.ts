import { lineUp } from '../rules.ts'
import { steps, wait, type Steps } from '../steps.ts'
import type { MaybePromise } from '../../../basics/maybe.ts'
import type { Rows, Store } from '../store.ts'

/** Works out who of each line may run. In a transaction that has locked the lines. */
export function* release(rows: Rows, lines: readonly number[]): Steps<void> {
  if (lines.length === 0) return
  const changes = lineUp(yield* wait(rows.heads([...new Set(lines)])))
  if (changes.length > 0) yield* wait(rows.queue(changes))
}

/**
 * Works out lines again in which nobody may run, or two may: what two versions of an app, or a rename, left behind. True if
 * there were some.
 */
export function repair(
  store: Store,
  lanes: readonly number[],
  time: number,
): MaybePromise<boolean> {
  return steps(function* () {
    const lines = yield* wait(store.stuck(lanes))
    if (lines.length === 0) return false
    yield* wait(store.atomic(time, lines, (rows) => steps(() => release(rows, lines))))
    return true
  })
}
