/**
 * Is anything wrong? Worst first. Things are about now, whatever the range: tasks that are dead, rejections of the last six
 * hours, receivers that are silent. `deliveries`, `usual`, `handlers` and all sparks are about the range.
 */
export interface HealthReply {
  readonly at: number
  readonly range: { readonly from: number; readonly to: number; readonly step: number }
  readonly deliveries: number
  readonly dead: number
  /** When the oldest task that is due now was due. */
  readonly oldest: number | undefined
  /** Things that need a look; of causes the first eight. */
  readonly things: readonly Thing[]
  /** Causes that are in no row, and dead tasks that are in none. */
  readonly more: {
    readonly causes: number
    readonly dead: number
    /** The number of newest tasks per subscription that the rows count; undefined if they count all. */
    readonly ofNewest?: number
  }
  /** Usual rejections and those of strangers, folded into one line. */
  readonly usual: { readonly count: number; readonly groups: readonly RejectedGroup[] }
  readonly handlers: readonly {
    readonly receiver: string
    readonly subscription: string
    readonly runs: number
    readonly failed: number
    readonly dead: number
    readonly p50: number | undefined
    readonly p99: number | undefined
    /** Runs of a task, on average. */
    readonly attempts: number | undefined
    /** Runs by step of the range. */
    readonly spark: readonly number[]
  }[]
  readonly receivers: readonly {
    readonly name: string
    readonly ok: boolean
    /** `ok`, or what the inbox cannot do. */
    readonly inbox: string
    readonly lastDelivery: number | undefined
    /** Usual milliseconds between deliveries; undefined after too few deliveries. */
    readonly usually: number | undefined
    /** Deliveries of the range, and how many of them were rejected. */
    readonly deliveries: number
    readonly rejected: number
    /** Topics of the last week that no handler subscribes to, at most ten. */
    readonly unhandled: readonly string[]
    /** Tasks that wait. */
    readonly waiting: number
    /** The 99th percentile of reply times of verified deliveries in the range, in milliseconds. */
    readonly p99: number | undefined
  }[]
}

export type Thing =
  | {
      readonly kind: 'dead'
      /** Undefined for visitors without `payloads`: their rows are grouped by subscription. */
      readonly cause: string | undefined
      readonly error: { readonly name: string; readonly message: string }
      /** Receivers and subscriptions of the dead tasks, most tasks first, at most six. */
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
      /** When it was last seen. */
      readonly last: number
      /** True if no task failed with it for an hour, and for three times its longest gap. */
      readonly isOver: boolean
      /** The mute of this cause. It holds until one more task dies of the cause. */
      readonly muted?: MutedCause
      readonly spark: readonly number[]
    }
  | ({ readonly kind: 'rejected' } & RejectedGroup)
  | {
      readonly kind: 'silent'
      readonly receiver: string
      /** When the last delivery came. */
      readonly since: number
      /** Milliseconds between deliveries, usually. */
      readonly usually: number | undefined
      /** The receiver's own `silentAfter` option, if that decided. */
      readonly limit?: number
    }
  | {
      readonly kind: 'inbox'
      readonly receiver: string
      readonly message: string
    }

/** A cause that a person muted. */
export interface MutedCause {
  readonly note: string
  /** The person or team responsible. */
  readonly owner: string | undefined
  readonly by: string | undefined
  readonly at: number
}

export interface RejectedGroup {
  readonly receiver: string
  readonly code: string
  /** In `things`, rejections of the last six hours (`since:6h`); otherwise of the range. */
  readonly count: number
  /** In `things`: all deliveries of the sender between the first and the last of these rejections. */
  readonly of?: number
  /** In `things`: the time of the last one, and whether the burst has ended. */
  readonly last?: number
  readonly isOver?: boolean
  /** The cause that its newest kept body proves. `remedy` says how to fix it. */
  readonly proven?: string | undefined
  /** The likely cause, if none is proven. */
  readonly likely?: string | undefined
  readonly remedy?: string | undefined
  /** The newest delivery that can be explained. */
  readonly explain?: string | undefined
  readonly since: number
  readonly spark: readonly number[]
}

/** The endpoints registered at the senders. */
export interface RegisteredReply {
  readonly receivers: readonly {
    readonly receiver: string
    /** Undefined if the sender could not be asked. */
    readonly url: string | undefined
    readonly endpoints: readonly {
      readonly id: string
      readonly state: string
      /** Undefined if the sender's API does not say. */
      readonly delivering: boolean | undefined
    }[]
    /** Differences from the code, one sentence each. */
    readonly differs: readonly string[]
    /** Why the sender could not be asked. */
    readonly problem?: string
  }[]
}
