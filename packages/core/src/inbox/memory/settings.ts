import type { Duration } from '../../basics/deadline.ts'
import { eighthOfMemory } from '../../basics/room.ts'
import { checks } from '../engine/attach/checks.ts'
import { pendingShare, type EngineSettings } from '../engine/settings.ts'

/** Default dedupe window, in milliseconds. */
export const DEFAULT_WINDOW: number = 4 * 86_400_000

/** Options of {@link memoryInbox}. Each bound applies to each receiver. */
export interface MemoryInboxOptions {
  /**
   * Maximum number of ids of settled events. If load exceeds it, `dedupeWindow` becomes shorter, and observers get a
   * warning.
   * @default 100_000
   */
  readonly max?: number
  /**
   * How long an id is known after its event settled; at least the sender's retry span.
   * @default '4d', or the retry span if that is longer
   */
  readonly dedupeWindow?: Duration
  /** Maximum number of pending and running tasks. Further deliveries get 503. @default 10_000 */
  readonly maxPending?: number
  /** Share of `maxPending` that one tenant may hold. @default 0.5 */
  readonly maxPendingShare?: number
  /**
   * Maximum bytes of the bodies of pending and running tasks; further deliveries get 503. The same bound applies to
   * dead tasks.
   * @default 64 MiB, or an eighth of the free memory if that is less
   */
  readonly maxWaitingBytes?: number
  /**
   * Maximum number of dead tasks kept for `replay`. Beyond it the oldest is dropped, and observers get a warning; a
   * redelivery still runs it again.
   * @default 1000
   */
  readonly maxDead?: number
  /** Maximum number of deliveries in the journal, for verified and unverified ones separately. @default 10_000 */
  readonly maxDeliveries?: number
  /** How long `waitUntil` is held for first attempts, on a host that freezes after the response. @default '25s' */
  readonly hold?: Duration
}

/** Settings of a memory inbox; times in milliseconds. */
export interface MemorySettings extends EngineSettings {
  readonly max: number
  readonly maxDead: number
  readonly maxDeliveries: number
  readonly hold: number
  /** False without `dedupeWindow`. Then the window is the receiver's `retrySpan`, or the default if that is longer. */
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
    // Done tasks are not kept, and no other process shares the inbox.
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
