import { hash } from 'node:crypto'
import { grouped, wait, type Steps } from '../../../basics/maybe.ts'
import type { Claim, TaskDraft } from '../../inbox.ts'
import { patchOf, type Patch, type TaskChange } from '../patch.ts'
import { DONE, PENDING, READY, type FoldRow, type HeadRow, type TaskRow } from '../row.ts'
import { gateOf } from '../rules.ts'
import type { LineRows } from '../store.ts'

/** What is stored with a task of a subscription that has `debounce`. */
interface Fold {
  /** 128 bits of its key: two keys share a line now and then, and must not be folded. */
  readonly k: string
  /** `wait` and `maxWait`, in milliseconds. */
  readonly q: number
  readonly m: number
  /** `newest`. */
  readonly v?: number | string
  /** When the first of its events came, in milliseconds since 1970 on the receiver's clock. */
  readonly t: number
  /** Events that were folded into it, and since when they wait on the store's clock. */
  readonly n?: number
  readonly w?: number
  /** The task that it was folded into. */
  readonly into?: number
  /** It was older than one that came before it. */
  readonly stale?: 1
}

function foldOf(fold: string): Fold {
  return JSON.parse(fold) as Fold
}

/** The key of a fold: with the root of the task's lane, it is that of `Newest`. */
export function foldKey(fold: string): string {
  return foldOf(fold).k
}

/** As handlers get it. */
export function foldedOf(fold: string | null): Claim['folded'] {
  if (fold === null) return undefined
  const { n = 0, t } = foldOf(fold)
  return { count: n, since: t }
}

/** Where a task with an ordering key stands: its line has 52 bits, and the key of its fold 128 others. */
export function linePlace(
  receiver: string,
  orderKey: string,
): { readonly line: number; readonly key: string } {
  const digest = hash('sha256', `${receiver}\n${orderKey}`, 'hex')
  return { line: Number.parseInt(digest.slice(0, 13), 16), key: digest.slice(13, 45) }
}

/** The fold of a new task. */
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

/** Of the tasks of a key: the one that stays, those that end in it, and those that are older than one seen before. */
interface Ruled {
  readonly winner: Waiting | undefined
  readonly losers: readonly Waiting[]
  readonly stale: readonly Waiting[]
  /** JSON of the highest value that was seen. */
  readonly highest: string | null
}

interface Waiting {
  readonly row: FoldRow
  readonly fold: Fold
}

/**
 * Folds what waits in these lines, which are locked. Returns the heads as they are then; undefined if they have to be read again, since
 * a task was claimed meanwhile.
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
  // Those that stay come first, which locks them: what ends in one that was claimed meanwhile is seen by no run.
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
  // A loser that was claimed meanwhile runs: nobody stands for it.
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
  // A task behind those that ended is in no list yet.
  if (lost || (ended.size > 0 && heads.some(({ fold }) => fold === null))) return undefined
  if (ended.size === 0) return heads
  const all = new Map<number, HeadRow>([...heads, ...found].map((row) => [row.id, row]))
  return [...all.values()].filter(({ id }) => !ended.has(id))
}

const NONE: ReadonlySet<number> = new Set()

function* patched(rows: LineRows, patches: readonly Patch[]): Steps<ReadonlySet<number>> {
  return patches.length === 0 ? NONE : yield* wait(rows.patch(patches, 'waiting'))
}

function ruled(group: readonly Waiting[]): Ruled {
  const known = group[0]!.row
  let highest = known.highest === null ? undefined : (JSON.parse(known.highest) as Fold['v'])
  let winner: Waiting | undefined
  const losers: Waiting[] = []
  const stale: Waiting[] = []
  for (const one of group) {
    const { v, n } = one.fold
    if (isLower(v, highest)) {
      // One that was the newest, has run, or stands for others is not late.
      const counts = one.row.id === known.newest || n !== undefined || !isFresh(one)
      ;(counts ? losers : stale).push(one)
      continue
    }
    highest = v ?? highest
    if (winner) losers.push(winner)
    winner = one
  }
  // What is higher has gone: of those that stood for it, the last one goes on.
  winner ??= losers.pop()
  return { winner, losers, stale, highest: highest === undefined ? null : JSON.stringify(highest) }
}

/** Strings are compared by their UTF-16 units, as times of ISO 8601 can be. Values of two types are not compared. */
function isLower(value: Fold['v'], highest: Fold['v']): boolean {
  return typeof value === typeof highest && value !== undefined && value < highest!
}

function ending(
  { row, fold }: Pick<Waiting, 'fold'> & { readonly row: TaskRow },
  end: Pick<Fold, 'into' | 'stale'>,
): Patch {
  // No run had this end: one that is still out there reports an outcome of its own.
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

/** The newest takes over what those before it stood for: their events, since when they wait, and their interruptions. */
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

/** Milliseconds until it is due: its own wait, no longer than the first of them may wait, and no shorter than a pause that one asked for. */
function waitOf(winner: Waiting, losers: readonly Waiting[]): number {
  const { row, fold } = winner
  const own = row.due - row.now
  const due = isFresh(winner) ? Math.min(own, sinceOf(winner, losers) + fold.m - row.now) : own
  return Math.max(due, ...losers.filter(isPostponed).map((one) => one.row.due - one.row.now))
}

/** Since when they wait. One that has run is not waited for any more. A clock that was set back says no later time than now. */
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
 * Of settled tasks that are to run again, those whose key has a newer one end, and that runs in their place: a run of theirs would
 * bring back what it replaced. Returns the tasks that are to run, without newer ones that are open, and the tasks that ended.
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
  // Before the lines are worked out: they do not wait.
  if (endings.length > 0) yield* wait(rows.patch(endings, 'idle'))
  const newest = new Map(
    older.flatMap(({ id }) => {
      const { row } = known.get(id)!
      return row && row.state >= DONE ? [[row.id, row] as const] : []
    }),
  )
  return { own: tasks.filter(({ id }) => !ended.has(id)), newest: [...newest.values()], ended }
}

/** A task that runs again stands for what it stood for, and waits since now. */
export function foldAgain(fold: string): string {
  const { w: _, into: __, stale: ___, ...rest } = foldOf(fold)
  return JSON.stringify(rest)
}

/** How a task ended without a run of its own, and the events that it stands for, as operators see it. */
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
