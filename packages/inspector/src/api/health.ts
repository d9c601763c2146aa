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
    /** How many of the newest tasks of each subscription the rows count; set if there are more. */
    readonly ofNewest?: number
  }
  /** Rejections that are no more than usual, and those of strangers: one line. */
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
    /** Milliseconds between deliveries, usually; undefined if too little came to tell. */
    readonly usually: number | undefined
    /** Deliveries of the range, and how many of them were rejected. */
    readonly deliveries: number
    readonly rejected: number
    /** Topics of the week that nobody handles, at most ten. */
    readonly unhandled: readonly string[]
    /** Tasks that wait. */
    readonly waiting: number
    /** Milliseconds in which 99 of 100 verified deliveries were answered in the range. */
    readonly p99: number | undefined
  }[]
}

export type Thing =
  | {
      readonly kind: 'dead'
      /** Undefined for visitors who may not see payloads: tasks are then grouped only by subscription. */
      readonly cause: string | undefined
      readonly error: { readonly name: string; readonly message: string }
      /** Where the tasks died, the most first: receivers and subscriptions, at most six. */
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
      /** True if nothing failed so for the longer of an hour and three times its longest gap. */
      readonly isOver: boolean
      /** Who has looked at it, and what they say; it holds until one more task dies of it. */
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

/** A cause that somebody has looked at. */
export interface MutedCause {
  readonly note: string
  /** Who takes care of it. */
  readonly owner: string | undefined
  readonly by: string | undefined
  readonly at: number
}

export interface RejectedGroup {
  readonly receiver: string
  readonly code: string
  /** Of a thing, rejections of the last six hours (`since:6h`); else of the range. */
  readonly count: number
  /** Of a thing: verified deliveries and rejections of the sender from the first to the last. */
  readonly of?: number
  /** Of a thing: when the last one came, and whether more is to be expected. */
  readonly last?: number
  readonly isOver?: boolean
  /** The cause that its newest kept body proves, and what mends it. */
  readonly proven?: string | undefined
  /** What it may be, if nothing is proven. */
  readonly likely?: string | undefined
  readonly remedy?: string | undefined
  /** The newest delivery that can be explained. */
  readonly explain?: string | undefined
  readonly since: number
  readonly spark: readonly number[]
}

/** What the senders have for the receivers. */
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
    /** What differs from the code, a sentence each. */
    readonly differs: readonly string[]
    /** Why the sender could not be asked. */
    readonly problem?: string
  }[]
}
