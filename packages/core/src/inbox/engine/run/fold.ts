import { hash } from 'node:crypto'
import { grouped, wait, type Steps } from '../../../basics/maybe.ts'
import type { Claim, TaskDraft } from '../../inbox.ts'
import { patchOf, type Patch, type TaskChange } from '../patch.ts'
import { DONE, PENDING, READY, type FoldRow, type HeadRow, type TaskRow } from '../row.ts'
import { gateOf } from '../rules.ts'
import type { LineRows } from '../store.ts'

/** How a task with `debounce` is folded. Folding merges pending tasks of one key into the newest task. */
interface Fold {
  /**
   * A hash of the key (128 bits). Different keys may have the same line (a shorter hash), but must not be folded
   * together.
   */
  readonly k: string
  /** `q` is the option `wait`, and `m` is the option `maxWait`, both in milliseconds. */
  readonly q: number
  readonly m: number
  /** Value of the option `newest`. */
  readonly v?: number | string
  /** When the first event arrived, in milliseconds since 1970 on the receiver's clock. */
  readonly t: number
  /** `n` is the number of folded events. `w` is when they started to wait, in milliseconds on the store's clock. */
  readonly n?: number
  readonly w?: number
  /** The task into which this one was folded. */
  readonly into?: number
  /** Set if a newer event of the key had arrived before this one. */
  readonly stale?: 1
}

function foldOf(fold: string): Fold {
  return JSON.parse(fold) as Fold
}

/** Returns the key of a fold. Together with a root (a subscription under all its names), it identifies a `Newest`. */
export function foldKey(fold: string): string {
  return foldOf(fold).k
}

/** Returns how a task was folded, in the form that handlers get. */
export function foldedOf(fold: string | null): Claim['folded'] {
  if (fold === null) return undefined
  const { n = 0, t } = foldOf(fold)
  return { count: n, since: t }
}

/** Returns two hashes of an ordering key: its line (52 bits), and the key of its folds (128 other bits). */
export function linePlace(
  receiver: string,
  orderKey: string,
): { readonly line: number; readonly key: string } {
  const digest = hash('sha256', `${receiver}\n${orderKey}`, 'hex')
  return { line: Number.parseInt(digest.slice(0, 13), 16), key: digest.slice(13, 45) }
}

export function newFold(
  key: string,
  { at, wait: quiet, maxWait, newest }: NonNullable<TaskDraft['debounce']>,
): string {
  const fold: Fold = {
    k: key,
    q: quiet,
    m: maxWait,
    t: at,
    ...(newest !== undefined && { v: newest }),
  }
  return JSON.stringify(fold)
}

interface Waiting {
  readonly row: FoldRow
  readonly fold: Fold
}

/**
 * Folds the waiting tasks in the lines of `heads` (tasks that may go first in their line). The lines are locked.
 * Returns the heads after folding, or undefined if the heads must be read again.
 */
export function* foldLines(
  rows: LineRows,
  heads: readonly HeadRow[],
): Steps<readonly HeadRow[] | undefined> {
  const lines = new Set<number>()
  for (const { fold, line } of heads) if (fold !== null) lines.add(line!)
  if (lines.size === 0) return heads
  const found = yield* wait(rows.foldable([...lines]))
  if (found.length === 0) return heads
  const waiting = found.map((row): Waiting => ({ row, fold: foldOf(row.fold!) }))
  const groups = [...grouped(waiting, ({ row, fold }) => `${row.root} ${fold.k}`).values()].map(
    (group) => ({ group, ...ruled(group) }),
  )
  const newest = groups.flatMap(({ group, winner, highest }) => {
    const [{ row, fold }] = group as [Waiting]
    const known = row.newest === winner?.row.id && row.highest === highest
    return winner && !known ? { root: row.root, key: fold.k, task: winner.row.id, highest } : []
  })
  if (newest.length > 0) yield* wait(rows.remember(newest))
  // Winners (the tasks that remain) are changed first, so that they are locked. If a run has just claimed a winner, no
  // task may be folded into it.
  const grown = groups.flatMap(({ winner, losers }) =>
    winner && losers.length > 0 ? { winner, losers } : [],
  )
  const kept = yield* patched(
    rows,
    grown.map(({ winner, losers }) => growing(winner, losers)),
  )
  const endings = groups.flatMap(({ winner, losers, stale }) => [
    ...stale.map((one) => ({ one, into: undefined })),
    ...losers.flatMap((one) => (kept.has(winner!.row.id) ? { one, into: winner!.row.id } : [])),
  ])
  const ended = yield* patched(
    rows,
    endings.map(({ one, into }) => ending(one, into === undefined ? { stale: 1 } : { into })),
  )
  // A run may have claimed a loser (a task to be folded) meanwhile. That loser runs itself, so the winner must not take
  // over its events.
  const less = grown.flatMap(({ winner, losers }) => {
    const counted = losers.filter(({ row }) => ended.has(row.id))
    return kept.has(winner.row.id) && counted.length < losers.length ? growing(winner, counted) : []
  })
  yield* patched(rows, less)
  rows.folded?.({
    ended: endings.flatMap(({ one: { row }, into }) =>
      ended.has(row.id) ? { id: row.id, lane: row.lane, into, passing: row.passing } : [],
    ),
    waits: groups.flatMap(({ winner, losers }) =>
      winner ? { lane: winner.row.lane, wait: waitOf(winner, losers) } : [],
    ),
  })
  const lost = kept.size < grown.length || ended.size < endings.length
  // A task without a fold may be missing in `heads` if it follows an ended task. The heads must then be read again.
  if (lost || (ended.size > 0 && heads.some(({ fold }) => fold === null))) return undefined
  if (ended.size === 0) return heads
  const all = new Map<number, HeadRow>([...heads, ...found].map((row) => [row.id, row]))
  return [...all.values()].filter(({ id }) => !ended.has(id))
}

const NONE: ReadonlySet<number> = new Set()

function* patched(rows: LineRows, patches: readonly Patch[]): Steps<ReadonlySet<number>> {
  return patches.length === 0 ? NONE : yield* wait(rows.patch(patches, 'waiting'))
}

/** Splits the tasks of a key. The winner remains, losers are folded into it, and stale tasks end without a run. */
function ruled(group: readonly Waiting[]) {
  const known = group[0]!.row
  let highest = known.highest === null ? undefined : (JSON.parse(known.highest) as Fold['v'])
  let winner: Waiting | undefined
  const losers: Waiting[] = []
  const stale: Waiting[] = []
  for (const one of group) {
    const { v, n } = one.fold
    if (isLower(v, highest)) {
      // A task with a lower value is stale. But a task that was the newest, has run, or has folded events is a loser
      // instead.
      const counts = one.row.id === known.newest || n !== undefined || !isFresh(one)
      ;(counts ? losers : stale).push(one)
      continue
    }
    highest = v ?? highest
    if (winner) losers.push(winner)
    winner = one
  }
  // No waiting task has the highest value any more, so the last loser becomes the winner.
  winner ??= losers.pop()
  return { winner, losers, stale, highest: highest === undefined ? null : JSON.stringify(highest) }
}

/**
 * Strings, such as ISO 8601 times, are compared by UTF-16 units. Of two values of different types, neither is lower.
 */
function isLower(value: Fold['v'], highest: Fold['v']): boolean {
  return typeof value === typeof highest && value !== undefined && value < highest!
}

function ending(
  { row, fold }: Pick<Waiting, 'fold'> & { readonly row: TaskRow },
  end: Pick<Fold, 'into' | 'stale'>,
): Patch {
  // The token is 0, since no run has ended this task. If a run is still active, it reports its own outcome.
  return patchOf(
    { ...row, token: 0 },
    {
      state: DONE,
      wait: 0,
      gate: READY,
      behind: false,
      cut: 0,
      charged: 0,
      took: null,
      error: null,
      fold: JSON.stringify({ ...fold, ...end }),
    },
  )
}

/** The winner takes over the events of the losers, the start of their wait, and their interruptions. */
function growing(winner: Waiting, losers: readonly Waiting[]): Patch {
  const { row, fold } = winner
  const cut = Math.max(row.cut, ...losers.map((one) => one.row.cut))
  const charged = Math.max(row.charged, ...losers.map((one) => one.row.charged))
  const left = Math.ceil(waitOf(winner, losers))
  const change: TaskChange = {
    state: PENDING,
    open: true,
    wait: Math.max(0, left),
    ...(cut > row.cut && { cut, charged }),
    ...((cut > row.cut || left > 0) && { gate: gateOf({ cut, fair: row.fair }, left) }),
    fold: JSON.stringify({
      ...fold,
      n: losers.reduce((sum, one) => sum + 1 + (one.fold.n ?? 0), fold.n ?? 0),
      t: Math.min(fold.t, ...losers.map((one) => one.fold.t)),
      w: sinceOf(winner, losers),
    }),
  }
  return patchOf(row, change)
}

/**
 * Returns milliseconds until the winner is due: after its own wait, but at most `maxWait` after the first event. The
 * winner also waits until each postponed loser would be due.
 */
function waitOf(winner: Waiting, losers: readonly Waiting[]): number {
  const { row, fold } = winner
  const own = row.due - row.now
  const due = isFresh(winner) ? Math.min(own, sinceOf(winner, losers) + fold.m - row.now) : own
  return Math.max(due, ...losers.filter(isPostponed).map((one) => one.row.due - one.row.now))
}

/**
 * Returns when the tasks started to wait, but at most now, even if the clock was set back. Ignores losers that have
 * run.
 */
function sinceOf(winner: Waiting, losers: readonly Waiting[]): number {
  const { now } = winner.row
  const since = ({ row, fold }: Waiting): number => fold.w ?? row.due - fold.q
  return Math.min(now, since(winner), ...losers.filter(isFresh).map(since))
}

function isFresh({ row }: Waiting): boolean {
  return row.attempt === 0 && row.cut === 0 && row.took === null
}

function isPostponed({ row }: Waiting): boolean {
  return row.took !== null && row.error === null
}

/**
 * Called before settled tasks run again. If a task's key has a newer task, the older task ends, and the newer task runs
 * instead. So old data cannot overwrite new data. Returns the given tasks that run (`own`), the newer tasks to revive
 * (`newest`), and the ids of ended tasks.
 */
export function* newestInstead(
  rows: LineRows,
  tasks: readonly TaskRow[],
): Steps<{
  readonly own: readonly TaskRow[]
  readonly newest: readonly TaskRow[]
  readonly ended: ReadonlySet<number>
}> {
  const folding = tasks.filter(({ fold }) => fold !== null)
  if (folding.length === 0) return { own: tasks, newest: [], ended: NONE }
  const known = yield* wait(rows.newest(folding.map(({ id }) => id)))
  const older = folding.filter(({ id }) => known.has(id) && known.get(id)!.id !== id)
  const ended = new Set(older.map(({ id }) => id))
  const endings = older.map((row) => {
    const newest = known.get(row.id)!.row
    return ending({ row, fold: foldOf(row.fold!) }, newest ? { into: newest.id } : { stale: 1 })
  })
  // Ended tasks must not wait in a line, so they end before the lines are released.
  if (endings.length > 0) yield* wait(rows.patch(endings, 'idle'))
  const newest = new Map(
    older.flatMap(({ id }) => {
      const { row } = known.get(id)!
      return row && row.state >= DONE ? [[row.id, row] as const] : []
    }),
  )
  return { own: tasks.filter(({ id }) => !ended.has(id)), newest: [...newest.values()], ended }
}

/** Returns the fold of a task that runs again. The task keeps its folded events, and its wait starts now. */
export function foldAgain(fold: string): string {
  const { w: _, into: __, stale: ___, ...rest } = foldOf(fold)
  return JSON.stringify(rest)
}

/** Returns how a task was folded, in the form that operators get. */
export function foldInfo({ fold, state }: Pick<TaskRow, 'fold' | 'state'>): {
  readonly folded?: number
  readonly into?: string
  readonly stale?: true
} {
  if (fold === null) return {}
  const { n = 0, into, stale } = foldOf(fold)
  const over = state === DONE
  return {
    folded: n,
    ...(over && into !== undefined && { into: String(into) }),
    ...(over && stale !== undefined && { stale: true as const }),
  }
}
