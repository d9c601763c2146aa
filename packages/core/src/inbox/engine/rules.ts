import { grouped } from '../../basics/grouped.ts'
import { causeOf } from '../tasks/cause.ts'
import { interrupted, isSuspect, poison } from './interrupted.ts'
import type { Outcome, Ran, TaskError } from '../inbox.ts'
import type { Attempted, Fence, Patch } from './patch.ts'
import {
  AGAIN,
  DEAD,
  DONE,
  GONE,
  LATER,
  PENDING,
  READY,
  RUNNING,
  SUSPECT,
  type Gate,
  type HeadRow,
  type TaskRow,
} from './row.ts'

/** A patch and the condition under which it counts. */
export interface Fenced {
  readonly patch: Patch
  readonly fence: Fence
}

/** What the rules need of a claimed task. */
export interface Claimed extends Pick<
  TaskRow,
  'id' | 'token' | 'round' | 'attempt' | 'cut' | 'fair'
> {}

/** The gate of a pending task: interruptions first, since a turn is no use to a task that may not start. */
export function gateOf({ cut, fair }: Pick<TaskRow, 'cut' | 'fair'>): Gate {
  if (isSuspect({ cut })) return SUSPECT
  if (cut > 0) return AGAIN
  return fair === null ? READY : LATER
}

/** What a reported outcome makes of a task. `now` is the clock of `Outcome.at`. */
export function settled(task: Claimed, outcome: Outcome, ran: Ran, now: number): Fenced {
  const { id, token, round, attempt, fair } = task
  const took = Math.round(ran.duration * 1000)
  const base = { id, token, round, attempt, took, cut: 0, charged: 0, gate: READY } as const
  if (outcome.kind === 'done')
    return { fence: 'first', patch: { ...base, state: DONE, wait: 0, error: null, cause: null } }
  if (outcome.kind === 'dead')
    return { fence: 'own', patch: { ...base, state: DEAD, wait: 0, ...failure(outcome.error) } }
  const wait = Math.max(0, Math.ceil(outcome.at - now))
  const again = { ...base, state: PENDING, wait, gate: gateOf({ cut: 0, fair }) } as const
  const attempted = { attempt, took, outcome: outcome.kind }
  if (outcome.kind === 'postpone')
    return {
      fence: 'own',
      patch: { ...again, attempt: attempt - 1, attempted: { ...attempted, error: null } },
    }
  const reason = failure(outcome.error)
  return {
    fence: 'own',
    patch: { ...again, ...reason, attempted: { ...attempted, error: reason.error } },
  }
}

/** What giving back makes of a task: as it was claimed, due at once. */
export function givenBack({ id, token, round, attempt, cut }: Claimed): Fenced {
  // Its turn was used for nothing: it keeps it.
  const gate = gateOf({ cut, fair: null })
  const patch: Patch = { id, token, round, state: PENDING, wait: 0, attempt: attempt - 1, gate }
  return { fence: 'held', patch }
}

/** What an ended lease makes of a task. */
export interface Cut extends Fenced {
  /** Interruptions in a row; `charged` of them count against it. */
  readonly count: number
  readonly charged: number
  /** Set if the task is dead as poison now. */
  readonly error: TaskError | undefined
}

/** The rule of interruptions, for a claim whose lease is over. `attempts` is that of the subscription, if it is here. */
export function cut(row: TaskRow, attempts: number | undefined, random?: () => number): Cut {
  const { id, token, round, attempt } = row
  const next = interrupted(row, attempts, random)
  const attempted: Attempted = { attempt, took: null, outcome: 'interrupted', error: null }
  const base = { id, token, round, cut: next.cut, attempted }
  const told = { fence: 'ended', count: next.cut, charged: next.charged } as const
  if (next.poison) {
    const error = poison(next.charged)
    const patch: Patch = {
      ...base,
      state: DEAD,
      wait: 0,
      charged: 0,
      ...failure(error),
      took: null,
    }
    return { ...told, patch, error }
  }
  const gate = gateOf({ cut: next.cut, fair: null })
  const { charged, wait } = next
  const patch: Patch = {
    ...base,
    state: PENDING,
    open: true,
    wait,
    gate,
    charged,
    attempt: attempt - 1,
  }
  return { ...told, patch, error: undefined }
}

/** What the end of a run makes of a task that another had settled meanwhile: nobody holds it any more. */
export function letGo({ id, token, round, state }: TaskRow): Fenced {
  return { fence: 'over', patch: { id, token, round, state } }
}

/**
 * A redelivery or a replay: a settled task begins a new round at its first attempt, and a waiting one is due after
 * `wait`. One that was poison stays a suspect.
 */
export function revived(row: TaskRow, fence: 'failed' | 'settled' | 'waiting', wait = 0): Fenced {
  const { id, token, round, line, attempt, took, error, state, due } = row
  const gate = row.state === PENDING && row.gate === READY && wait === 0 ? READY : gateOf(row)
  const base = {
    id,
    token,
    round,
    state: PENDING,
    wait: Math.ceil(wait),
    gate,
    anew: true,
  } as const
  if (state === PENDING) return { fence, patch: base }
  const outcome = state === DONE ? 'done' : 'dead'
  // The last run of a settled task is on its own row until now.
  const attempted: Attempted | undefined =
    took === null ? undefined : { attempt, took, outcome, error, ended: due }
  return {
    fence,
    patch: {
      ...base,
      attempt: 0,
      charged: 0,
      ...(line !== null && { behind: true }),
      ...(attempted && { attempted }),
    },
  }
}

/** A discarded task is forgotten. Its event stays known. */
export function discarded({ id, token, round }: TaskRow): Fenced {
  return { fence: 'idle', patch: { id, token, round, state: GONE } }
}

/** A settled task that is not needed any more. */
export function forgotten({ id, token, round }: TaskRow): Fenced {
  return { fence: 'past', patch: { id, token, round, state: GONE } }
}

/** A task that cannot be read, as it was claimed. */
export function unreadable(task: Claimed, message: string): Fenced & { readonly error: TaskError } {
  const { id, token, round, attempt } = task
  const error = { name: 'UnreadableTask', message }
  const patch: Patch = {
    id,
    token,
    round,
    state: DEAD,
    wait: 0,
    attempt,
    took: 0,
    ...failure(error),
  }
  return { fence: 'own', patch, error }
}

/**
 * Who of a line goes first: what runs or is still held by a run; else what has begun, since a retry keeps its place; else
 * what came first. Returns what changes.
 */
export function lineUp(
  heads: readonly HeadRow[],
): readonly { readonly id: number; readonly behind: boolean }[] {
  const changes: { readonly id: number; readonly behind: boolean }[] = []
  for (const group of grouped(heads, ({ line, root }) => `${line} ${root}`).values()) {
    const [first] = group.toSorted((a, b) => rank(a) - rank(b) || a.seq - b.seq)
    for (const row of group) {
      const behind = row !== first
      if (row.state === PENDING && row.behind !== behind) changes.push({ id: row.id, behind })
    }
  }
  return changes
}

function rank({ state, held, attempt, cut: cuts, behind }: HeadRow): number {
  if (state === RUNNING || held) return 0
  return !behind && (attempt > 0 || cuts > 0) ? 1 : 2
}

function failure(error: TaskError): { readonly error: string; readonly cause: string } {
  return { error: JSON.stringify(error), cause: causeOf(error) }
}
