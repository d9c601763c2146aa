import type { TaskError } from '../inbox.ts'
import { causeOf } from '../tasks/cause.ts'
import type { Gate, State, TaskRow } from './row.ts'

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
  /** True if it begins a new round. */
  readonly anew?: true
  /** A row of its history. The attempt that settles a task has none: it is made of the task's own row when that begins again. */
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
