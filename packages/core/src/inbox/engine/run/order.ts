import type { Fence, Patch } from '../patch.ts'
import type { Folds, TaskRow } from '../row.ts'
import { type MaybePromise, chain, steps, wait, type Steps } from '../../../basics/maybe.ts'
import { lineUp } from '../rules.ts'
import { foldLines } from './fold.ts'
import type { LineRows, Rows, Store, StoreParts } from '../store.ts'

// Maximum number of times that lines (the tasks of one ordering key) are read again because a task was claimed during
// folding.
const ROUNDS = 10

/**
 * Releases lines (the tasks of one ordering key): folds their tasks, then decides which task of each line may run.
 * Lines that another transaction has locked are left to {@link followed}.
 */
export function* release(rows: LineRows, lines: readonly number[]): Steps<void> {
  const wanted = [...new Set(lines)].sort((a, b) => a - b)
  if (wanted.length === 0) return
  const busy = rows.lock ? yield* wait(rows.lock(wanted)) : []
  const free = busy.length === 0 ? wanted : wanted.filter((line) => !busy.includes(line))
  if (free.length === 0) return
  for (let round = 0; ; round++) {
    const heads = yield* wait(rows.heads(free))
    const folded = round < ROUNDS ? yield* foldLines(rows, heads) : heads
    if (!folded) continue
    const changes = lineUp(folded)
    const back = changes.filter(({ behind }) => behind)
    // `queue` skips tasks that were claimed after `heads` read them. A claimed task goes first in its line, so the
    // lines are read again.
    if (back.length > 0 && (yield* wait(rows.queue(back))) < back.length) continue
    const front = changes.filter(({ behind }) => !behind)
    if (front.length > 0) yield* wait(rows.queue(front))
    return
  }
}

/** The methods for lines, for a store that does not support ordering keys. */
export const NO_LINES: Omit<LineRows, 'patch'> = {
  heads: () => [],
  queue: () => 0,
  foldable: () => [],
  remember() {},
  newest: () => new Map(),
}

/**
 * Applies `patches`, then decides again which task of each line of `tasks` may run. Returns the ids of the tasks that
 * `patches` changed.
 */
export function* patchAll(
  rows: LineRows,
  patches: readonly Patch[],
  fence: Fence,
  tasks: readonly Pick<TaskRow, 'line'>[],
): Steps<ReadonlySet<number>> {
  const ids = patches.length === 0 ? NONE : yield* wait(rows.patch(patches, fence))
  yield* release(
    rows,
    tasks.flatMap(({ line }) => line ?? []),
  )
  return ids
}

/**
 * Releases lines in which no task may run, or in which two tasks may run, for example after a rename. Returns true if
 * such lines existed.
 */
export function repair(
  store: Store,
  lanes: readonly number[],
  time: number,
): MaybePromise<boolean> {
  return steps(function* () {
    const lines = yield* wait(store.stuck(lanes))
    if (lines.length === 0) return false
    yield* wait(store.atomic(time, (rows) => steps(() => release(rows, lines))))
    return true
  })
}

/** Transactions that report folded (merged) tasks, and busy lines: lines that another transaction has locked. */
export interface Followed extends Pick<Store, 'atomic' | 'commit' | 'guest'> {
  readonly stop: () => void
}

// First and longest wait before busy lines are tried again, in milliseconds.
const FIRST = 5
const LONGEST = 250

/**
 * Wraps the transactions of a store whose `lock` does not wait for busy lines. So a slow commit for one ordering key
 * does not delay other events of a batch. After each transaction, retries its busy lines until they can be released,
 * then calls `freed`. If the process ends earlier, `repair` finds the lines. Calls `folded` with folded tasks once a
 * transaction is over. In a transaction of the app, calls `folded` immediately, since the engine does not see that
 * transaction end.
 */
export function followed(
  store: Pick<StoreParts, 'atomic' | 'commit' | 'guest'>,
  deadline: number,
  freed: () => void,
  folded: (folds: Folds) => void,
): Followed {
  const lines = new Set<number>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let pause = FIRST
  let stopped = false
  return {
    atomic: (time, run) => noting((note) => store.atomic(time, (rows) => run(note(rows)))),
    commit: (time, run) =>
      noting((note) => store.commit(time, (rows, transaction) => run(note(rows), transaction))),
    // The engine does not see when a transaction of the app ends, so the retries of its busy lines start immediately.
    guest: (transaction) => noted(store.guest(transaction), leave, folded),
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }

  function noting<T>(run: (note: (rows: Rows) => Rows) => MaybePromise<T>): MaybePromise<T> {
    const busy: number[] = []
    const folds: Folds[] = []
    const note = (rows: Rows): Rows =>
      noted(
        rows,
        (left) => void busy.push(...left),
        (one) => void folds.push(one),
      )
    return chain(run(note), (result) => {
      for (const one of folds) folded(one)
      leave(busy)
      return result
    })
  }

  function leave(left: readonly number[]): void {
    for (const line of left) lines.add(line)
    if (left.length > 0) soon()
  }

  function soon(): void {
    if (!stopped) timer ??= setTimeout(() => void again(), pause)
  }

  async function again(): Promise<void> {
    const taken = [...lines]
    lines.clear()
    timer = undefined
    pause = Math.min(pause * 2, LONGEST)
    try {
      await noting((note) =>
        store.atomic(deadline, (rows) => steps(() => release(note(rows), taken))),
      )
    } catch {
      // The lines stay unreleased until `repair` finds them. Other users of the store report the failure.
      return
    }
    if (lines.size === 0) pause = FIRST
    if (lines.size < taken.length) freed()
  }
}

/** Wraps rows: passes busy lines to `tell`, and folded tasks to `folded`. */
function noted<Given extends Rows>(
  rows: Given,
  tell: (left: readonly number[]) => void,
  folded: (folds: Folds) => void,
): Given {
  if (!rows.lock) return { ...rows, folded }
  const lock = (wanted: readonly number[]): MaybePromise<readonly number[]> =>
    chain(rows.lock!(wanted), (left) => (tell(left), left))
  return { ...rows, folded, lock }
}

const NONE: ReadonlySet<number> = new Set()
