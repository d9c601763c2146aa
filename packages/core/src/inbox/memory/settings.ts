import type { Duration } from '../../basics/deadline.ts'
import { eighthOfMemory } from '../../basics/room.ts'
import { checks } from '../engine/attach/checks.ts'
import { pendingShare, type EngineSettings } from '../engine/settings.ts'

/** Default deduplication window, in milliseconds. */
export const DEFAULT_WINDOW: number = 4 * 86_400_000

/** Options of {@link memoryInbox}. Limits apply to each receiver separately. */
export interface MemoryInboxOptions {
  /**
   * Maximum number of ids that are remembered after the tasks of their events have ended. Above this number, the oldest
   * ids of the tenant with the most ids are forgotten before `dedupeWindow` ends, and observers get a warning.
   * @default 100_000
   */
  readonly max?: number
  /**
   * How long an id is remembered after the tasks of its event have ended. Must be at least the sender's retry span.
   * @default '4d', or the retry span if that is longer
   */
  readonly dedupeWindow?: Duration
  /** Maximum number of pending and running tasks. Further deliveries get 503. @default 10_000 */
  readonly maxPending?: number
  /** Share of `maxPending` that one tenant may hold. @default 0.5 */
  readonly maxPendingShare?: number
  /**
   * Maximum total size of the bodies of pending and running tasks, in bytes. Further deliveries get
   * 503. Dead tasks have the same limit, separately.
   * @default 64 MiB, or an eighth of the free memory if that is less
   */
  readonly maxWaitingBytes?: number
  /**
   * Maximum number of dead tasks that are kept for `replay`. If there are more, the oldest of the tenant with the most
   * dead tasks are dropped, and observers get a warning. A redelivery still runs a dropped task again.
   * @default 1000
   */
  readonly maxDead?: number
  /**
   * Maximum number of verified deliveries in the journal. Unverified deliveries have the same limit, separately.
   * @default 10_000
   */
  readonly maxDeliveries?: number
  /**
   * Maximum time that `waitUntil` waits for first attempts, on a platform that freezes the process after the response.
   * @default '25s'
   */
  readonly hold?: Duration
}

/** Settings of a memory inbox. Times are in milliseconds. */
export interface MemorySettings extends EngineSettings {
  readonly max: number
  readonly maxDead: number
  readonly maxDeliveries: number
  readonly hold: number
  /**
   * False if the option `dedupeWindow` is not set. Then the window is the receiver's `retrySpan` or the default,
   * whichever is longer.
   */
  readonly windowed: boolean
}

export function memorySettings(options: MemoryInboxOptions | undefined): MemorySettings {
  const check = checks<MemoryInboxOptions>('memoryInbox', options)
  const settings = {
    maxPending: check.whole('maxPending', 10_000),
    maxPendingShare: pendingShare('memoryInbox', check.value('maxPendingShare')),
    maxWaitingBytes: check.whole('maxWaitingBytes', eighthOfMemory(64 * 1024 * 1024)),
    dedupeWindow: check.span('dedupeWindow', '4d'),
    deadline: 5000,
    // Done tasks are not kept. No other process shares the inbox, so leases and polls are not needed.
    keepDone: 0,
    keepDead: Infinity,
    lease: Infinity,
    pollInterval: Infinity,
    max: check.whole('max', 100_000),
    maxDead: check.whole('maxDead', 1000),
    maxDeliveries: check.whole('maxDeliveries', 10_000),
    hold: check.time('hold', '25s'),
    windowed: options?.dedupeWindow !== undefined,
  }
  check.end()
  return settings
}
