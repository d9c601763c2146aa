import { causeOf } from './cause.ts'
import { DEAD, DONE, PENDING, RUNNING, type Gate, type State, type TaskRow } from './row.ts'
import type { TaskError } from '../view.ts'

/**
 * The condition under which a patch counts, if `round` is also the same; {@link FENCES} has the details. A `done` by
 * `first` counts even if another run has claimed the task since. Lease and token of that claim then stay on the settled
 * row until its run ends.
 */
export type Fence =
  | 'first'
  | 'own'
  | 'held'
  | 'ended'
  | 'failed'
  | 'settled'
  | 'waiting'
  | 'idle'
  | 'past'
  | 'over'

interface FenceRule {
  readonly states: readonly State[]
  readonly event?: true
  readonly token?: true
  /** The task's lease has ended. */
  readonly over?: true
  readonly whole?: true
  /** A pending task has an error and is not due yet. */
  readonly failed?: true
}

const OPEN: readonly State[] = [PENDING, RUNNING]
const SETTLED: readonly State[] = [DONE, DEAD]

/** The fences as data, from which a store builds its conditions. */
export const FENCES: Readonly<Record<Fence, FenceRule>> = {
  first: { states: OPEN, event: true },
  own: { states: OPEN, token: true },
  held: { states: [RUNNING], token: true },
  ended: { states: [RUNNING], token: true, over: true },
  failed: { states: [PENDING, DEAD], failed: true, whole: true },
  settled: { states: SETTLED, whole: true },
  waiting: { states: [PENDING], whole: true },
  idle: { states: [PENDING, DEAD] },
  past: { states: SETTLED },
  over: { states: SETTLED, token: true, over: true },
}

/** Returns true if a fence lets a patch through, for a store that has the row at hand. */
export function passes(
  fence: Fence,
  { token, event }: Pick<Patch, 'token' | 'event'>,
  row: Pick<TaskRow, 'state' | 'token' | 'error'>,
  is: {
    readonly due: () => boolean
    readonly over: () => boolean
    readonly whole: () => boolean
    readonly event: () => StoredEvent | undefined
  },
): boolean {
  const rule = FENCES[fence]
  return (
    rule.states.includes(row.state) &&
    (!rule.event || sameEvent(event, is.event())) &&
    (!rule.token || row.token === token) &&
    (!rule.over || is.over()) &&
    (!rule.whole || is.whole()) &&
    (!rule.failed || row.state !== PENDING || (row.error !== null && !is.due()))
  )
}

interface StoredEvent {
  readonly receiver: string | null
  readonly key: string | null
}

function sameEvent(one: StoredEvent | undefined, other: StoredEvent | undefined): boolean {
  return one !== undefined && one.receiver === other?.receiver && one.key === other.key
}

/** What a patch makes of a row whose fence holds. */
type Patched = Pick<
  TaskRow,
  | 'state'
  | 'gate'
  | 'attempt'
  | 'behind'
  | 'token'
  | 'round'
  | 'cut'
  | 'charged'
  | 'due'
  | 'took'
  | 'error'
  | 'fold'
> & {
  readonly cause: string | null
  /** True if the row keeps the claim of another process, which has claimed the task since. */
  readonly theirs: boolean
}

/** Applies a patch to a row, for a store that has the row at hand. `held`: a claim holds the row; `now`: milliseconds since 1970. */
export function patched(
  row: TaskRow & { readonly cause: string | null },
  patch: Patch,
  held: boolean,
  now: number,
): Patched {
  const { state, wait, took, error, cause } = patch
  const ended = state >= DONE
  const theirs = ended && held && row.token !== patch.token
  return {
    state,
    theirs,
    token: theirs || patch.open ? row.token : ended ? patch.token : 0,
    round: row.round + (patch.anew ? 1 : 0),
    due: wait === undefined ? row.due : now + Math.ceil(wait),
    gate: patch.gate ?? row.gate,
    behind: patch.behind ?? row.behind,
    attempt: patch.attempt ?? row.attempt,
    cut: patch.cut ?? row.cut,
    charged: patch.charged ?? row.charged,
    took: took === undefined ? row.took : took,
    error: error === undefined ? row.error : error,
    cause: cause === undefined ? row.cause : cause,
    fold: patch.fold ?? row.fold,
  }
}

/** One change of one task. Undefined members stay as they are. */
export interface Patch {
  readonly id: number
  readonly token: number
  readonly round: number
  /** The event of the claimed task. A restored store may have another event under its number. */
  readonly event?: { readonly receiver: string; readonly key: string }
  /** `GONE` deletes the row and its attempts. A state other than `RUNNING` ends the claim. */
  readonly state: State
  /** Milliseconds until the task is due; 0 is at once. A settled task settles now. */
  readonly wait?: number
  /** True if a pending task keeps its token, so that a late outcome may count. Otherwise its token becomes 0. */
  readonly open?: true
  readonly gate?: Gate
  readonly behind?: boolean
  readonly attempt?: number
  readonly cut?: number
  readonly charged?: number
  readonly took?: number | null
  /** JSON, or null for none. `cause` changes with it. */
  readonly error?: string | null
  readonly cause?: string | null
  readonly fold?: string
  /** True if the patch starts a new round. */
  readonly anew?: true
  /** A row of the task's history. The attempt that settles a task is on the task's own row until the next round. */
  readonly attempted?: Attempted
}

/** What a rule changes of a task: a patch before it is encoded. */
export interface TaskChange extends Omit<
  Patch,
  'id' | 'token' | 'round' | 'event' | 'error' | 'cause' | 'attempted'
> {
  readonly error?: TaskError | null
  /** Its default error is that of the change. */
  readonly attempted?: Omit<Attempted, 'error'> & Partial<Pick<Attempted, 'error'>>
}

/** Returns the patch of a change. */
export function patchOf(
  { id, token, round }: Pick<TaskRow, 'id' | 'token' | 'round'>,
  { error, attempted, ...change }: TaskChange,
): Patch {
  const text = error ? JSON.stringify(error) : error
  return {
    id,
    token,
    round,
    ...change,
    ...(text !== undefined && { error: text, cause: error ? causeOf(error) : null }),
    ...(attempted && { attempted: { error: text ?? null, ...attempted } }),
  }
}

/** A run that ended without settling its task. */
export interface Attempted {
  readonly attempt: number
  /** Duration in microseconds; null if the run was interrupted. */
  readonly took: number | null
  readonly outcome: 'done' | 'retry' | 'postpone' | 'dead' | 'interrupted'
  readonly error: string | null
  /** When the run ended, in milliseconds since 1970. @default now, on the store's clock */
  readonly ended?: number
}

/** A run that ended well. */
export interface EndedTask {
  readonly id: number
  readonly token: number
  readonly lane: number
  readonly fair: string | null
  /** Duration in microseconds. */
  readonly took: number
}
