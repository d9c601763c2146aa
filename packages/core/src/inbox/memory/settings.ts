import type { Duration } from '../../basics/deadline.ts'
import { eighthOfMemory } from '../../basics/room.ts'
import { checks } from '../engine/attach/checks.ts'
import { pendingShare, type EngineSettings } from '../engine/settings.ts'

/** How long ids are known unless told otherwise, or unless the sender delivers again for longer; in milliseconds. */
export const DEFAULT_WINDOW: number = 4 * 86_400_000

/** Options of {@link memoryInbox}. Each bound holds for each receiver. */
export interface MemoryInboxOptions {
  /** Ids of settled events that are known. Under load, fewer make `dedupeWindow` shorter; observers then get a warning. @default 100_000 */
  readonly max?: number
  /** For how long an id is known after its event settled; at least the sender's retry span. @default '4d', or the retry span if that is longer */
  readonly dedupeWindow?: Duration
  /** Tasks that may be pending or running. Deliveries beyond that get 503. @default 10_000 */
  readonly maxPending?: number
  /** Share of `maxPending` that one tenant may hold. @default 0.5 */
  readonly maxPendingShare?: number
  /** Bytes of bodies that may wait with them, and as many with dead ones; beyond, deliveries get 503. @default 64 MiB, or an eighth of the free memory if that is less */
  readonly maxWaitingBytes?: number
  /** Dead tasks kept with their event for `replay`. The oldest one is dropped beyond that, with a warning to observers; a redelivery still revives it. @default 1000 */
  readonly maxDead?: number
  /** Deliveries that the journal keeps, verified and unverified ones apart. @default 10_000 */
  readonly maxDeliveries?: number
  /** How long `waitUntil` of a host that freezes after the response is held for the first attempts. @default '25s' */
  readonly hold?: Duration
}

/** Settings of a memory inbox; times in milliseconds. */
export interface MemorySettings extends EngineSettings {
  readonly max: number
  readonly maxDead: number
  readonly maxDeliveries: number
  readonly hold: number
  /** False if no `dedupeWindow` was given. Then the window is the receiver's `retrySpan`, or the default if that is longer. */
  readonly windowed: boolean
}

/** Checks the options. Throws a `TypeError` that names the option. */
export function memorySettings(options: MemoryInboxOptions | undefined): MemorySettings {
  const check = checks<MemoryInboxOptions>('memoryInbox', options)
  const settings = {
    maxPending: check.whole('maxPending', 10_000),
    maxPendingShare: pendingShare('memoryInbox', check.value('maxPendingShare')),
    maxWaitingBytes: check.whole('maxWaitingBytes', eighthOfMemory(64 * 1024 * 1024)),
    dedupeWindow: check.span('dedupeWindow', '4d'),
    deadline: 5000,
    // Done tasks are not kept, and no other process has a lease or stores anything.
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
