import { causeOf } from './cause.ts'
import { DEAD, DONE, PENDING, RUNNING, type Gate, type State, type TaskRow } from './row.ts'
import type { TaskError } from '../view.ts'

/**
 * What must hold of a task for its patch to count, with the same `round`:
 * - `first`: not settled, and its event is `event`. A `done` counts even if another has claimed the task since; then the lease and token of that
 *   claim stay on the settled row, until the run that has it ends.
 * - `own`: not settled, and nobody has claimed it since (same token).
 * - `held`: it is claimed with the token.
 * - `ended`: the same, and its lease is over.
 * - `failed`: dead, or pending with an error and not due yet. Its event is not erased.
 * - `settled`: done or dead. Its event is not erased.
 * - `waiting`: pending. Its event is not erased.
 * - `idle`: pending or dead.
 * - `past`: done or dead, erased or not.
 * - `over`: settled, still held with the token, and the lease is over.
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

/** What a fence asks of a task. */
interface FenceRule {
  readonly states: readonly State[]
  /** Its event is that of the patch. */
  readonly event?: true
  /** Its token is that of the patch. */
  readonly token?: true
  /** Its lease is over. */
  readonly over?: true
  /** Its event is not erased. */
  readonly whole?: true
  /** If it is pending, it has an error and is not due yet. */
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

/** True if a fence lets the patch of a token through, for a store that has the row at hand. */
export function passes(
  fence: Fence,
  { token, event }: Pick<Patch, 'token' | 'event'>,
  row: Pick<TaskRow, 'state' | 'token' | 'error'>,
  is: {
    readonly due: () => boolean
    readonly over: () => boolean
    readonly whole: () => boolean
    /** The receiver and the key of its event. */
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

/** The receiver and the key of an event, as a row has them. */
interface StoredEvent {
  readonly receiver: string | null
  readonly key: string | null
}

function sameEvent(one: StoredEvent | undefined, other: StoredEvent | undefined): boolean {
  return one !== undefined && one.receiver === other?.receiver && one.key === other.key
}

/** One change of one task. What is undefined stays as it is. */
export interface Patch {
  readonly id: number
  readonly token: number
  readonly round: number
  /** The event whose task was claimed, by receiver and key: a store that went back has others under its number. */
  readonly event?: { readonly receiver: string; readonly key: string }
  /** `GONE` deletes the row and its attempts. A state other than `RUNNING` ends the claim. */
  readonly state: State
  /** Milliseconds until it is due, 0 is at once; of a settled task: it settled now. */
  readonly wait?: number
  /** True if its token stays, so that the outcome of the run that had it may still count. Else a pending task has token 0. */
  readonly open?: true
  readonly gate?: Gate
  readonly behind?: boolean
  readonly attempt?: number
  readonly cut?: number
  readonly charged?: number
  readonly took?: number | null
  /** JSON, or null for none; `cause` goes with it. */
  readonly error?: string | null
  readonly cause?: string | null
  /** JSON of a `Fold`. */
  readonly fold?: string
  /** True if it starts a new round. */
  readonly anew?: true
  /** A row of its history. The attempt that settles a task has none: it is made of the task's own row when that starts again. */
  readonly attempted?: Attempted
}

/** What a rule changes of a task, in any inbox: a patch before it is encoded. */
export interface TaskChange extends Omit<
  Patch,
  'id' | 'token' | 'round' | 'event' | 'error' | 'cause' | 'attempted'
> {
  readonly error?: TaskError | null
  /** Its error is that of the change if it says none itself. */
  readonly attempted?: Omit<Attempted, 'error'> & Partial<Pick<Attempted, 'error'>>
}

/** The patch of a change of a task. */
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
  /** Microseconds; null if it was interrupted. */
  readonly took: number | null
  readonly outcome: 'done' | 'retry' | 'postpone' | 'dead' | 'interrupted'
  /** JSON. */
  readonly error: string | null
  /** When it ended, in milliseconds since 1970. @default now, on the store's clock */
  readonly ended?: number
}

/** A run that ended well. */
export interface EndedTask {
  readonly id: number
  readonly token: number
  readonly lane: number
  /** Its tenant. */
  readonly fair: string | null
  /** Microseconds. */
  readonly took: number
}
