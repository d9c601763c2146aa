import type { Json } from '@postern/core'
import type {
  Claim,
  EventRecord,
  Leased,
  RunnerTask,
  Slot,
  StoredDelivery,
} from '@postern/core/inbox'

/** A task this process has claimed. */
export interface Task extends RunnerTask<Task>, Leased {
  readonly slot: Slot<Task>
  readonly id: string
  /** Name of its queue in pg-boss. */
  readonly queue: string
  readonly subscription: string
  /** Count of pg-boss for this claim: it fences. */
  readonly retryCount: number
  readonly base: number
  /** Id of its order key. */
  readonly order: string | undefined
  /** Id of its fair key. */
  readonly fair: string | undefined
  readonly part: string | undefined
  readonly data: Json | undefined
  readonly event: EventRecord
  readonly eventId: string
  readonly delivery: StoredDelivery
  /** Set if it is a suspect: lets the next one run. */
  readonly free: (() => void) | undefined
  /** When its attempt started, in milliseconds since 1970. */
  startedAt: number
}

/** The number of an attempt: claims that did not count are left out. */
export function attemptOf({ retryCount, base }: Task): number {
  return retryCount - base + 1
}

/** A claim as receivers see it. */
export function claimOf(task: Task, commit?: Claim['commit']): Claim {
  return {
    id: task.id,
    subscription: task.subscription,
    part: task.part,
    data: task.data,
    event: task.event,
    delivery: task.delivery,
    attempt: attemptOf(task),
    ...(commit && { commit }),
  }
}
