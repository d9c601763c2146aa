import type { EventRecord, StoredDelivery } from '../event.ts'
import type { Claim, TaskDraft, TaskError } from './inbox.ts'
import type { TaskState } from './view.ts'

/** An event with tasks that are not settled, or dead ones that are kept. */
export interface MemoryEvent {
  readonly event: EventRecord
  readonly delivery: StoredDelivery
  readonly tasks: MemoryTask[]
  /** Its share of the delivery's body. */
  readonly bytes: number
  /** Tasks pending or running. */
  open: number
  /** Where the inbox keeps it while any of them is, or -1, and where it keeps its key. */
  seat: number
  place: number
}

/** A task in memory. */
export interface MemoryTask {
  readonly id: string
  /** Place in the order of arrival. */
  readonly sequence: number
  readonly owner: MemoryEvent
  readonly draft: TaskDraft
  state: TaskState
  attempt: number
  due: number
  error: TaskError | undefined
  timer: ReturnType<typeof setTimeout> | undefined
  /** Called once, when the first attempt has ended. */
  firstEnd: (() => void) | undefined
}

/** An event without tasks yet. `bytes` is its share of the delivery's body. */
export function memoryEvent(
  event: EventRecord,
  delivery: StoredDelivery,
  bytes: number,
): MemoryEvent {
  return { event, delivery, tasks: [], bytes, open: 0, seat: -1, place: -1 }
}

/** A pending task, not yet among those of its owner. */
export function memoryTask(
  receiver: string,
  sequence: number,
  owner: MemoryEvent,
  draft: TaskDraft,
): MemoryTask {
  return {
    id: `${receiver}:${sequence}`,
    sequence,
    owner,
    draft,
    state: 'pending',
    attempt: 0,
    due: 0,
    error: undefined,
    timer: undefined,
    firstEnd: undefined,
  }
}

/** The attempt a task is at, as a receiver runs it. */
export function memoryClaim({ id, owner, draft, attempt }: MemoryTask): Claim {
  const { event, delivery } = owner
  const { subscription, part, data } = draft
  return { id, subscription, part, data, event, delivery, attempt }
}
