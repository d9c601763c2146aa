import type { Json } from '../delivery.ts'
import type { EventRecord, StoredDelivery } from '../event.ts'
import type { MaybePromise } from '../maybe.ts'
import type { Admission } from '../receive/admit.ts'
import type { Journal } from './journal.ts'
import type { Records } from './records.ts'
import type { InboxView } from './view.ts'

/** Where accepted events and their tasks live until done. It dedupes and stores in one atomic step. */
export interface Inbox {
  /** As in `memoryInbox`: errors and logs name it. */
  readonly name: string
  readonly can: {
    /** Runs the tasks of one `orderBy` key one after another. */
    readonly order: boolean
    /** Offers `task.commit`. */
    readonly transaction: boolean
    /** Keeps what it acknowledged when the process dies. */
    readonly durable: boolean
    /** Follows `TaskDraft.fairKey`: one tenant's backlog does not hold up the others. */
    readonly fair: boolean
    /** `index`: the filters of the view use an index. `scan`: they look through the tasks, newest first. */
    readonly search: 'index' | 'scan'
  }
  /** Joins a receiver. A second receiver of the same name is a `TypeError`. */
  attach(consumer: Consumer): Port
  /** Absent if it keeps no tasks: the reply of `inlineInbox` waits for the handlers. */
  readonly view?: InboxView
  readonly records?: Records
  /** What happened: attempts, deliveries, counts a minute. Losing it loses no event. */
  readonly journal?: Journal
  /** Tasks of one receiver that may wait or run. */
  readonly maxPending?: number
  close(): Promise<void>
}

/** What an inbox needs of a receiver. */
export interface Consumer {
  /** Name of the receiver: part of each event's identity. */
  readonly receiver: string
  /** Over how long the sender may deliver one event again, in milliseconds. */
  readonly retrySpan: number
  /** Subscriptions this process has. A worker claims only tasks of these. Ask again at each claim: they can grow. */
  lanes(): readonly Lane[]
  /** Runs one attempt and says what became of it. It never rejects. */
  run(claim: Claim, signal: AbortSignal | undefined): MaybePromise<Outcome>
  /** To be called when an outcome is safely stored (or, with false, was refused because the claim had been lost). */
  settled(claim: Claim, outcome: Outcome, stored: boolean, ran?: Ran): void
  /** A claim ended without an outcome, and that is stored: how often in a row, and how often it was charged. */
  interrupted?(interruption: {
    readonly subscription: string
    readonly task: string
    readonly attempt: number
    readonly count: number
    readonly charged: number
  }): void
  /** Something an operator should hear: a window shortened, an engine that is unsafe or unreachable. */
  warn(message: string): void
  /** Milliseconds since 1970. */
  now(): number
}

/** One run of a handler, measured once by who started it. */
export interface Ran {
  /** Milliseconds since 1970, on the consumer's clock. */
  readonly startedAt: number
  /** Milliseconds. */
  readonly duration: number
}

/** A subscription as inboxes see it. */
export interface Lane {
  readonly name: string
  /** Names it had before: their pending tasks are its own. */
  readonly formerly: readonly string[]
  readonly concurrency: number
  /** True where tasks carry an order key. */
  readonly ordered: boolean
  /** Milliseconds an attempt may take; a lease must be longer. */
  readonly timeout: number
  /** Attempts of the retry policy: a suspect is charged as often as this, and at least 5 times, before it is `poison`. */
  readonly attempts?: number
  /** True if tasks may carry a `fairKey`. */
  readonly fair?: boolean
}

/** A receiver's side of an inbox. */
export interface Port {
  /** Resolves when it is safe to acknowledge. One entry an item, in order. Throws or rejects where nothing was taken. */
  accept(intake: Intake, host: Host): MaybePromise<readonly Taken[]>
  /** Starts to run tasks. Absent where accept does. */
  work?(): void
  /**
   * Runs what is due, without `work`: frees ended leases, then claims and runs at most `max` tasks and waits for its own
   * attempts. Starts nothing in the last milliseconds (`last`, 1000 if not given) before `until` (milliseconds since
   * 1970); what still runs near the end hears `signal` and is then given back without an attempt.
   */
  drain?(until: number, max: number, last?: number): Promise<Drained>
  /**
   * Takes nothing more, and has ended by `until` (milliseconds since 1970, of the machine's clock). Claims no more,
   * unless a task that does not run is lost with the process; at half the time left `signal` of the running attempts
   * aborts; what still runs at the end is given back as it was claimed, without an attempt and without an interruption,
   * early enough to be stored by then. A late outcome is refused.
   */
  close(until: number): Promise<void>
}

/** What one call of `drain` did. */
export interface Drained {
  /** Attempts that ran. */
  readonly ran: number
  readonly done: number
  readonly retried: number
  readonly dead: number
  readonly postponed: number
  /** Tasks that are due now and did not run. */
  readonly left: number
  /** When the next task is due, ends of leases included, in milliseconds since 1970; undefined if nothing waits. */
  readonly next: number | undefined
}

/** What the host of one delivery offers. */
export interface Host {
  /** Keeps the process or isolate alive until the promise settles (Workers, Vercel, Next's `after`). */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined
  /** What `receiver.admit` said of the head, if the host asked it before it read the body. */
  readonly admission?: Admission | undefined
}

/** All of one delivery, taken or refused as a whole. */
export interface Intake {
  readonly delivery: StoredDelivery
  readonly items: readonly IntakeItem[]
}

/** One event of a delivery and its tasks, one a subscription. */
export interface IntakeItem {
  readonly event: EventRecord
  readonly tasks: readonly TaskDraft[]
}

/** A task to be made. */
export interface TaskDraft {
  readonly subscription: string
  /** Tells children of one subscription apart (a destination of `forward`). */
  readonly part?: string
  /** Tasks of one subscription and key run one after another. */
  readonly orderKey?: string
  /** What a child task carries beside its event. */
  readonly data?: Json
  /** The tenant whose turn it is: claims take the keys of one subscription in turns. */
  readonly fairKey?: string
}

/**
 * `new`: stored. `duplicate`: known, nothing runs. `revived`: known and failed or dead, made pending again.
 * `busy`: its twin runs now and the reply must say so (inline inboxes only). `refused`: one of its guards belongs to
 * another event and says `refuse`; then nothing of the delivery is taken.
 */
export type Taken = 'new' | 'duplicate' | 'revived' | 'busy' | 'refused'

/** One attempt at one task. */
export interface Claim {
  /** Identity of the task in its inbox. */
  readonly id: string
  readonly subscription: string
  readonly part?: string | undefined
  readonly data?: Json | undefined
  readonly event: EventRecord
  readonly delivery: StoredDelivery
  /** 1 for the first attempt; counted when the task is claimed, so an attempt that killed the process counts. */
  readonly attempt: number
  /**
   * Runs the writes, the settling as done and the storing of children in one fenced transaction, where the inbox
   * `can.transaction`. What the attempt reports afterwards changes nothing.
   */
  readonly commit?:
    | ((
        write: (transaction: unknown) => unknown,
        spawn: readonly TaskDraft[] | undefined,
      ) => unknown)
    | undefined
}

/** What became of an attempt. The retry policy is the receiver's; the inbox obeys. Times in milliseconds since 1970. */
export type Outcome =
  | { readonly kind: 'done'; readonly spawn?: readonly TaskDraft[] }
  | { readonly kind: 'retry'; readonly at: number; readonly error: TaskError }
  | { readonly kind: 'postpone'; readonly at: number }
  | { readonly kind: 'dead'; readonly error: TaskError }

/** Why an attempt failed, as it is stored. */
export interface TaskError {
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
  /** Issues of the schema that did not match. */
  readonly issues?: readonly { readonly message: string; readonly path: string }[] | undefined
}
