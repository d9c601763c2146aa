import type { TaskError } from '../../inbox.ts'

/** Dead and failing tasks with one error, over all their subscriptions. Times in milliseconds since 1970. */
export interface Cause {
  /** `causeOf(error)`: give it to a filter. */
  readonly cause: string
  /** The error of one of them. */
  readonly sample: TaskError
  readonly dead: number
  /** Pending tasks that failed with it at their last attempt. */
  readonly retrying: number
  /** When the first and the last of these tasks was received. */
  readonly first: number
  readonly last: number
  /** The subscriptions with the most of these tasks, at most 8. */
  readonly subscriptions: readonly CauseLane[]
  /** How many subscriptions have such tasks. */
  readonly subscriptionCount: number
  /** How many causes there are in all: an answer has at most 100. */
  readonly among: number
  /** How many of those have a dead task. */
  readonly amongDead: number
  /**
   * Set if a subscription has more failed tasks than the inbox looks at: counts, times and causes are then of so many of each
   * subscription, the newest. `stats` counts all.
   */
  readonly ofNewest?: number
}

/** Tasks of a subscription with one {@link Cause}. */
export interface CauseLane {
  readonly receiver: string
  readonly subscription: string
  readonly dead: number
  readonly retrying: number
}
