import { weigh, weighText } from '../../../basics/room.ts'
import type { Json } from '../../../delivery.ts'
import type { EventRecord, StoredDelivery } from '../../../event.ts'
import { decodeDelivery, decodeEvent } from '../../codec.ts'
import type { Claim } from '../../inbox.ts'
import type { RunnerTask } from './task-runs.ts'
import type { Slot } from './slot.ts'
import type { ClaimRow, TaskRow } from '../row.ts'

/** A claimed task of this process. */
export interface Task
  extends RunnerTask<Task>, Pick<TaskRow, 'token' | 'round' | 'attempt' | 'cut' | 'fair'> {
  readonly slot: Slot<Task>
  id: number
  readonly lane: number
  readonly subscription: string
  readonly line: number | null
  /** Nothing of earlier runs is to be cleared: no error, no interruption. */
  readonly fresh: boolean
  readonly part: string | undefined
  readonly data: Json | undefined
  readonly event: EventRecord
  readonly delivery: StoredDelivery
  /** Frees the place of a suspect. */
  readonly free: (() => void) | undefined
  /** When it was claimed or renewed: its sending, on the clock of `performance.now()`. */
  leased: number
  /** Set once its lease is over, or another has claimed or settled it. */
  lost: string | undefined
  /** Tells the handler that it is lost. */
  stop: ((reason: Error) => void) | undefined
  /** Set by a commit in a transaction of the application. */
  within: boolean
}

/** What is known of a task when it is claimed. */
type Claimed = Omit<
  Task,
  'place' | 'over' | 'returned' | 'committed' | 'started' | 'startedAt' | 'lost' | 'stop' | 'within'
>

/**
 * A claimed task. Each member by its name: V8 would copy a spread one by one, into three times the memory. What becomes a
 * number with a fraction, or a large one, begins as NaN: V8 would copy the whole task when the form of a member changes.
 */
export function claimedTask(of: Claimed): Task {
  return {
    slot: of.slot,
    id: of.id,
    lane: of.lane,
    subscription: of.subscription,
    token: of.token,
    round: of.round,
    attempt: of.attempt,
    cut: of.cut,
    line: of.line,
    fair: of.fair,
    fresh: of.fresh,
    part: of.part,
    data: of.data,
    event: of.event,
    delivery: of.delivery,
    weight: of.weight,
    free: of.free,
    leased: of.leased,
    place: -1,
    over: false,
    returned: false,
    committed: undefined,
    started: Number.NaN,
    startedAt: Number.NaN,
    lost: undefined,
    stop: undefined,
    within: false,
  }
}

/** The claim of a task, for its consumer. */
export function claimOf(
  task: Task,
  commits?: Pick<Claim, 'commit' | 'commitIn' | 'conflict'>,
): Claim {
  const { id, subscription, part, data, event, delivery, attempt } = task
  return {
    id: String(id),
    subscription,
    part,
    data,
    event,
    delivery,
    attempt,
    onLost(stop) {
      task.stop = stop
      if (task.lost !== undefined) stop(new Error(task.lost))
    },
    commit: commits?.commit,
    commitIn: commits?.commitIn,
    conflict: commits?.conflict,
  }
}

/** Makes a task from its row. Throws if the row cannot be read. */
export function taskOf(
  row: ClaimRow,
  claimed: {
    readonly slot: Slot<Task>
    readonly subscription: string
    readonly token: number
    readonly free: (() => void) | undefined
    readonly leased: number
  },
): Task {
  if (row.record === null) throw new TypeError('its event is not in the store')
  const delivery = row.whole?.delivery ?? decodeDelivery(row.head, row.body)
  return claimedTask({
    ...claimed,
    id: row.id,
    lane: row.lane,
    round: row.round,
    attempt: row.attempt,
    cut: row.cut,
    line: row.line,
    fair: row.fair,
    fresh: row.cut === 0 && !row.failed,
    part: row.part === '' ? undefined : row.part,
    data: row.data === null ? undefined : (JSON.parse(row.data) as Json),
    event: row.whole?.event ?? decodeEvent(row.record, delivery),
    delivery,
    weight: weightOf(row.body, row.record),
  })
}

/** Bytes of memory that a decoded event takes: its payload is in the body or in the record. */
export function weightOf(body: Uint8Array, record: { readonly length: number }): number {
  return weigh(body) + weighText(record.length)
}
