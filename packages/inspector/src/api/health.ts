/**
 * The health of the app: its current issues, and numbers over the range that the page shows. `things` are the issues,
 * worst first: dead tasks, rejections of the last six hours, silent receivers. The range does not change `things`. All
 * other members cover the range, for example `deliveries`, `usual`, `handlers` and the small charts (`spark`).
 */
export interface HealthReply {
  readonly at: number
  readonly range: { readonly from: number; readonly to: number; readonly step: number }
  readonly deliveries: number
  readonly dead: number
  /** The due time of the task that is the most overdue. */
  readonly oldest: number | undefined
  /** Issues that need attention. For dead tasks, only the first eight causes are listed. */
  readonly things: readonly Thing[]
  /** Number of causes and of dead tasks that are not in `things`. */
  readonly more: {
    readonly causes: number
    readonly dead: number
    /** Set if only some dead tasks were read: the number of newest tasks per subscription that `things` cover. */
    readonly ofNewest?: number
  }
  /**
   * Rejections that are not part of a burst, such as requests from unauthenticated clients. The page shows them as one
   * row.
   */
  readonly usual: { readonly count: number; readonly groups: readonly RejectedGroup[] }
  readonly handlers: readonly {
    readonly receiver: string
    readonly subscription: string
    readonly runs: number
    readonly failed: number
    readonly dead: number
    readonly p50: number | undefined
    readonly p99: number | undefined
    /** Average number of runs per task. */
    readonly attempts: number | undefined
    readonly spark: readonly number[]
  }[]
  readonly receivers: readonly {
    readonly name: string
    readonly ok: boolean
    /** `ok`, or the problem of the inbox. */
    readonly inbox: string
    readonly lastDelivery: number | undefined
    /** Average time between deliveries in the last week, in milliseconds. Undefined after too few deliveries. */
    readonly usually: number | undefined
    /** Number of deliveries in the range. `rejected` is the number of rejected ones. */
    readonly deliveries: number
    readonly rejected: number
    /** Topics of the last week that no handler subscribes to, at most ten. */
    readonly unhandled: readonly string[]
    readonly waiting: number
    /** The 99th percentile of reply times of verified deliveries in the range, in milliseconds. */
    readonly p99: number | undefined
  }[]
}

export type Thing =
  | {
      readonly kind: 'dead'
      /**
       * A hash that groups equal errors. Undefined for visitors without `payloads`, who see one issue per subscription.
       */
      readonly cause: string | undefined
      readonly error: { readonly name: string; readonly message: string }
      /** Subscriptions of the dead tasks: at most six, those with the most dead tasks first. */
      readonly subscriptions: readonly {
        readonly receiver: string
        readonly subscription: string
        readonly dead: number
      }[]
      readonly moreSubscriptions: number
      readonly count: number
      /** Tasks with this error that wait for their next run. */
      readonly retrying: number
      /** When the first of these tasks was received. */
      readonly since: number
      /** When a task last failed with this error. */
      readonly last: number
      /**
       * True if the last failure with this error is more than an hour ago, and also more than three times the longest
       * gap between two failures.
       */
      readonly isOver: boolean
      /** Set if a person muted this cause. The mute ends when another task dies of the cause. */
      readonly muted?: MutedCause
      readonly spark: readonly number[]
    }
  | ({ readonly kind: 'rejected' } & RejectedGroup)
  | {
      readonly kind: 'silent'
      readonly receiver: string
      /** When the last delivery came. */
      readonly since: number
      /** Average time between deliveries in the last week, in milliseconds. */
      readonly usually: number | undefined
      /** The receiver's `silentAfter` option in milliseconds, if the receiver has one. */
      readonly limit?: number
    }
  | {
      readonly kind: 'inbox'
      readonly receiver: string
      readonly message: string
    }

/** A person's mute of a cause. `note` is the reason. */
export interface MutedCause {
  readonly note: string
  readonly owner: string | undefined
  readonly by: string | undefined
  readonly at: number
}

export interface RejectedGroup {
  readonly receiver: string
  readonly code: string
  /** Number of rejections: in `things` those of the last six hours (`since:6h`), in `usual` those of the range. */
  readonly count: number
  /** Only in `things`: number of all deliveries to the receiver between the first and the last rejection. */
  readonly of?: number
  /** Only in `things`: time of the last rejection. `isOver` says whether the burst has ended. */
  readonly last?: number
  readonly isOver?: boolean
  /** The cause of the rejections, proven with the newest stored body. `remedy` is the fix. */
  readonly proven?: string | undefined
  readonly likely?: string | undefined
  readonly remedy?: string | undefined
  /** Id of the newest rejected delivery that the page can explain. */
  readonly explain?: string | undefined
  readonly since: number
  readonly spark: readonly number[]
}

export interface RegisteredReply {
  readonly receivers: readonly {
    readonly receiver: string
    /** The URL of the receiver; undefined if the sender could not be asked. */
    readonly url: string | undefined
    readonly endpoints: readonly {
      readonly id: string
      readonly state: string
      /** True if the sender still delivers to this endpoint; undefined if its API does not say. */
      readonly delivering: boolean | undefined
    }[]
    /** Differences between the registration and the code, one sentence each. */
    readonly differs: readonly string[]
    readonly problem?: string
  }[]
}
