import { causeOf } from './cause.ts'
import { DEAD, DONE, PENDING, RUNNING, type Gate, type State, type TaskRow } from './row.ts'
import type { TaskError } from '../view.ts'

/**
 * Condition on a row (see {@link FENCES}). A patch is applied only if the row meets this condition and has the `round`
 * of the patch. With `first`, the outcome `done` counts even if another run has claimed the task meanwhile. The row
 * then keeps the lease and token of the other run until that run ends.
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
  /** The task must belong to the event of the patch. */
  readonly event?: true
  readonly token?: true
  /** The task's lease must have ended. */
  readonly over?: true
  /** The contents of the task's event must not be erased. */
  readonly whole?: true
  /** A pending task must also have an error, and must not be due yet. */
  readonly failed?: true
}

const OPEN: readonly State[] = [PENDING, RUNNING]
const SETTLED: readonly State[] = [DONE, DEAD]

/** The rule of each fence, which is a condition on a row. Stores build their conditions from these rules. */
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

/** Returns true if a row meets the rule of a fence. Used by stores that have the row as an object. */
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

/** The members of a row after a patch was applied. */
type Patched = Omit<TaskRow, 'id' | 'lane' | 'line' | 'fair'> & {
  readonly cause: string | null
  /** True if another run has claimed the task in the meantime, and the row keeps that claim. */
  readonly theirs: boolean
}

/**
 * Applies a patch to a row. Used by stores that have the row as an object. `held` is true if a claim holds the row.
 * `now` is in milliseconds since 1970.
 */
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

/** A change of one task. Members that are undefined here stay as they are in the row. */
export interface Patch {
  readonly id: number
  readonly token: number
  readonly round: number
  /**
   * The event of the claimed task. A row of another event stays unchanged. After a restore, the task's id may belong to
   * another event.
   */
  readonly event?: { readonly receiver: string; readonly key: string }
  /** The new state. `GONE` deletes the row and its attempts. Any state but `RUNNING` ends the claim. */
  readonly state: State
  /**
   * For a pending task, milliseconds until it is due; 0 means now. For a settled (done or dead) task, 0 sets `due`,
   * its end, to now.
   */
  readonly wait?: number
  /**
   * True if the pending task keeps its token, so that a late outcome of its last run may count. Otherwise the token
   * becomes 0.
   */
  readonly open?: true
  readonly gate?: Gate
  readonly behind?: boolean
  readonly attempt?: number
  readonly cut?: number
  readonly charged?: number
  readonly took?: number | null
  /** JSON of the error, or null for no error. `cause` (the error group) is set together with `error`. */
  readonly error?: string | null
  readonly cause?: string | null
  readonly fold?: string
  /** True if the patch starts a new round; see `TaskRow.round`. */
  readonly anew?: true
  /**
   * A row to add to the task's history. The attempt that settles a task is not added: it stays on the task's own row
   * until the next round.
   */
  readonly attempted?: Attempted
}

/** The change that a rule makes to a task: a patch that is not yet encoded. */
export interface TaskChange extends Omit<
  Patch,
  'id' | 'token' | 'round' | 'event' | 'error' | 'cause' | 'attempted'
> {
  readonly error?: TaskError | null
  /** The row for the task's history. By default, the error of this row is `error`. */
  readonly attempted?: Omit<Attempted, 'error'> & Partial<Pick<Attempted, 'error'>>
}

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

/** A run for the task's history: a run that ended without settling its task, or the last run before a new round. */
export interface Attempted {
  readonly attempt: number
  /** Duration in microseconds; null if the run was interrupted. */
  readonly took: number | null
  readonly outcome: 'done' | 'retry' | 'postpone' | 'dead' | 'interrupted'
  readonly error: string | null
  /** When the run ended, in milliseconds since 1970. @default now, on the store's clock */
  readonly ended?: number
}

/** A run that ended with `done`. */
export interface EndedTask extends Pick<TaskRow, 'id' | 'token' | 'lane' | 'fair'> {
  /** Duration in microseconds. */
  readonly took: number
}
