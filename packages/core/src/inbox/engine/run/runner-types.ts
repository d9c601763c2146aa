import type { Claim, Consumer, Drained, Outcome } from '../../inbox.ts'
import type { BurstEnd } from './burst.ts'
import type { EndedClaim } from './task-runs.ts'
import type { Ahead, Slot } from './slot.ts'

/** The argument of {@link createRunner}. */
export interface RunnerOptions<Task> {
  /** Whose tasks run. */
  readonly consumer: Consumer
  /** How far ahead quick handlers get tasks. */
  readonly ahead: Ahead
  /** Tasks that came start right after the replies, while handlers are quick. @default false */
  readonly early?: boolean
  /** A task as the consumer runs it. */
  readonly claimOf: (task: Task) => Claim
  /** Stores an outcome and calls `ended.done`. It tries for as long as it takes, or until the inbox closes. */
  readonly settle: (ended: EndedClaim<Task>) => void
  /** Claims for `hungry()`, hands what it has to `start`, and calls `over`; with true if it failed, for the next look to try again. */
  readonly fetch: (over: (failed?: boolean) => void) => void
  /** Hears of each claim that is over, after `task.commit` and a giving back too: leases end here. */
  readonly ended: (task: Task, stored: Outcome | undefined) => void
  /** For `drain`: frees tasks whose lease ended. */
  readonly reclaim: () => Promise<void>
  /** For `drain`: tasks that are due now, and when the next one is, ends of leases included. */
  readonly rest: () => Promise<Pick<Drained, 'left' | 'next'>>
  /** Milliseconds that storing what is given back may take. */
  readonly margin: number
}

/** Runs the tasks of a receiver: at most `concurrency` of a subscription at once, and every outcome is stored once. */
export interface Runner<Task> {
  /** Takes room for a task that is being stored; undefined if older ones go first, there is no room, or nothing runs here. */
  readonly take: (subscription: string, weight: number) => Slot<Task> | undefined
  /** Counts claims of a slot before they are made; a negative number gives back what was not claimed. */
  readonly reserve: (slot: Slot<Task>, count: number) => void
  /** Slots to claim for. Ask once in each `fetch`, as late as possible; set `backlog` of a slot to false if it has no more. */
  readonly hungry: () => readonly { readonly slot: Slot<Task>; readonly room: number }[]
  /** How many tasks a slot may claim now: what was reserved since for another slot counts. */
  readonly room: (slot: Slot<Task>) => number
  readonly slots: () => readonly Slot<Task>[]
  /** Hands over claimed tasks, each counted by `take` or `reserve`. They run in the next turn of the event loop. */
  readonly start: (tasks: readonly Task[]) => void
  /** A task of the subscription became ready. Inside a transaction it can be claimed by the same one. */
  readonly ready: (subscription: string) => void
  /** A task is due at that time, on the consumer's clock. */
  readonly dueAt: (at: number) => void
  /** Any task may be ready. */
  readonly look: () => void
  /** Tasks this process holds. */
  readonly held: () => Iterable<Task>
  /** True while tasks may be claimed. */
  readonly active: () => boolean
  readonly work: () => void
  /** Gives back what has not started, and claims and starts nothing until the function returned was called. */
  readonly pause: () => () => void
  /** Gives back all that it holds; what runs hears the reason. It goes on claiming. */
  readonly giveBack: (reason: string) => void
  readonly drain: (until: number, max: number, last?: number) => Promise<Drained>
  /** As `Port.burst`. */
  readonly burst: (most: number) => BurstEnd | undefined
  /** Resolves when nothing is claimed, runs or waits to be stored. */
  readonly idle: () => Promise<void>
  readonly isIdle: () => boolean
  /** Timers may have been cancelled, as Workers do with those of a request that ended: sets them again. */
  readonly wake: () => void
  /** As `Port.close`. */
  readonly close: (until: number) => Promise<void>
}
