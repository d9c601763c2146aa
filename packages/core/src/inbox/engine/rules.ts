import { grouped } from '../../basics/maybe.ts'
import type { Outcome, Ran } from '../inbox.ts'
import type { TaskState, TaskError } from '../view.ts'
import type { Fence, TaskChange } from './patch.ts'
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

interface Ruling {
  readonly fence: Fence
  readonly change: TaskChange
}

/**
 * Returns the gate of a pending task, that is, the condition for claiming it. An interrupted task never gets the gate
 * `LATER`: its tenant's next turn (in the rotation of tenants) would make it `READY`, so it could be claimed before it
 * can start.
 */
export function gateOf({ cut, fair }: Pick<TaskRow, 'cut' | 'fair'>, wait = 0): Gate {
  if (cut >= SUSPECT_AFTER) return SUSPECT
  if (cut > 0) return AGAIN
  return fair === null && wait <= 0 ? READY : LATER
}

/**
 * Returns the ruling (a condition on the row, and the change) for a reported outcome. `now` is a time on the clock of
 * `Outcome.at`.
 */
export function reported(
  { attempt, fair }: Pick<TaskRow, 'attempt' | 'fair'>,
  outcome: Outcome,
  ran: Ran,
  now: number,
): Ruling {
  const { kind } = outcome
  const took = Math.round(ran.duration * 1000)
  // This common case is written out, since copying fields from `base` would take twice as long.
  if (kind === 'done')
    return {
      fence: 'first',
      change: { attempt, took, cut: 0, charged: 0, gate: READY, state: DONE, wait: 0, error: null },
    }
  const base = { attempt, took, cut: 0, charged: 0, gate: READY } as const
  if (kind === 'dead')
    return { fence: 'own', change: { ...base, state: DEAD, wait: 0, error: outcome.error } }
  const wait = Math.max(0, Math.ceil(outcome.at - now))
  const gate = gateOf({ cut: 0, fair }, wait)
  const attempted = { attempt, took, outcome: kind }
  const again = { ...base, state: PENDING, wait, gate, attempted } as const
  if (kind === 'postpone') return { fence: 'own', change: { ...again, attempt: attempt - 1 } }
  return { fence: 'own', change: { ...again, error: outcome.error } }
}

/** Returns the ruling for a released task. The task becomes pending as before its claim, and is due now. */
export function givenBack({ attempt, cut }: Pick<TaskRow, 'attempt' | 'cut'>): Ruling {
  // With `fair: null`, the task does not wait for a new turn, since it has not used its old turn.
  const gate = gateOf({ cut, fair: null })
  return { fence: 'held', change: { state: PENDING, wait: 0, attempt: attempt - 1, gate } }
}

export interface Cut extends Ruling {
  /** Number of interruptions in a row, and how many of these are strikes (see `cut`). */
  readonly count: number
  readonly charged: number
  /** Set if this interruption makes the task dead as poison. */
  readonly error: TaskError | undefined
}

/**
 * Returns the ruling for an interruption: the lease of a running task has ended. An interruption does not use an
 * attempt. The task waits 250 ms, doubled with each interruption up to 8 s; half of this time is random. After three
 * interruptions in a row the task is a suspect. Each further interruption is a strike. After `attempts` strikes, but at
 * least 5, the task is dead as poison. `attempts` comes from the subscription's retry policy, if known. A reported
 * outcome resets both counts.
 */
export function cut(
  row: Pick<TaskRow, 'attempt' | 'cut' | 'charged'>,
  attempts: number | undefined,
  random: () => number = Math.random,
): Cut {
  const { attempt } = row
  const count = row.cut + 1
  const charged = row.charged + (row.cut >= SUSPECT_AFTER ? 1 : 0)
  const attempted = { attempt, took: null, outcome: 'interrupted', error: null } as const
  const base = { cut: count, attempted } as const
  const ruling = { fence: 'ended', count, charged } as const
  if (charged >= Math.max(LEAST_STRIKES, attempts ?? 0)) {
    const message = `its process died or its lease expired ${charged} times in a row while no other suspect ran`
    const error = { name: 'poison', message }
    const change = { ...base, state: DEAD, wait: 0, charged: 0, error, took: null } as const
    return { ...ruling, error, change }
  }
  const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(row.cut, 10))
  const wait = Math.round(longest * (0.5 + random() / 2))
  const gate = gateOf({ cut: count, fair: null })
  const pending = { state: PENDING, open: true, wait, gate, charged, attempt: attempt - 1 } as const
  return { ...ruling, error: undefined, change: { ...base, ...pending } }
}

/**
 * Maximum wait of a task, in milliseconds. A task whose stored time is further away is due now, since that time is
 * damaged.
 */
export const MOST_WAIT: number = 10 * 365 * 86_400_000

const SUSPECT_AFTER = 3
// If the process is killed from outside, its task gets a strike. Several such accidents in a row are unlikely.
const LEAST_STRIKES = 5
const FIRST_WAIT = 250
const LONGEST_WAIT = 8000

/** Returns the ruling for a settled (done or dead) task that another run held. The lease of that run has ended. */
export function letGo({ state }: Pick<TaskRow, 'state'>): Ruling {
  return { fence: 'over', change: { state } }
}

/**
 * Returns the ruling for a redelivery or replay. A settled task starts a new round. A pending task becomes due after
 * `wait` milliseconds.
 */
export function revived(
  row: Omit<TaskRow, 'id' | 'lane' | 'token' | 'round' | 'behind' | 'charged' | 'fold'>,
  fence: 'failed' | 'settled' | 'waiting',
  wait = 0,
): Ruling {
  const { line, attempt, took, error, state, due } = row
  const gate = state === PENDING && row.gate === READY && wait === 0 ? READY : gateOf(row, wait)
  const base = { state: PENDING, wait: Math.ceil(wait), gate, anew: true } as const
  if (state === PENDING) return { fence, change: base }
  const outcome = state === DONE ? 'done' : 'dead'
  // The last run of a settled task is on the task's own row. The new round overwrites this row, so the run moves to the
  // history.
  const attempted =
    took === null ? undefined : ({ attempt, took, outcome, error, ended: due } as const)
  const begun = { ...base, attempt: 0, charged: 0, ...(line !== null && { behind: true }) }
  return { fence, change: { ...begun, ...(attempted && { attempted }) } }
}

interface Removal extends Ruling {
  /** The task states in which the removal is allowed. */
  readonly from: readonly TaskState[]
}

/** Removes a task that an operator deletes. Its event is still remembered as a duplicate. */
export const DELETED: Removal = {
  fence: 'idle',
  from: ['pending', 'dead'],
  change: { state: GONE },
}

/** Removes a done or dead task that is too old. */
export const FORGOTTEN: Removal = { fence: 'past', from: ['done', 'dead'], change: { state: GONE } }

export function unreadable(
  attempt: number,
  message: string,
): Ruling & { readonly error: TaskError } {
  const error = { name: 'UnreadableTask', message }
  return { fence: 'own', change: { state: DEAD, wait: 0, attempt, took: 0, error }, error }
}

/**
 * Decides which task of each line (the tasks of one ordering key) goes first. A running task goes first, then tasks
 * that already had a run, then all others. Among equals, the oldest task goes first. Returns the tasks whose `behind`
 * must change.
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
