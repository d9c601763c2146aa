import type { Duration } from '../../basics/duration.ts'
import { eighthOfMemory } from '../../basics/room.ts'
import { checks } from '../attach/checks.ts'

/** Options of {@link memoryInbox}. Each bound holds for each receiver. */
export interface MemoryInboxOptions {
  /** Ids of settled events that are known. Fewer make the window shorter under load, which observers hear of. @default 100_000 */
  readonly max?: number
  /** For how long an id is known after its event settled; at least the sender's retry span. @default '4d', or the retry span if that is longer */
  readonly window?: Duration
  /** Tasks that may be pending or running, of which one tenant (`fairKey`) may have half. Deliveries beyond that get 503. @default 10_000 */
  readonly maxPending?: number
  /** Bytes of bodies that may wait with them, and as many with dead ones; beyond, deliveries get 503. @default 64 MiB, or an eighth of the free memory if that is less */
  readonly maxWaitingBytes?: number
  /** Dead tasks kept with their event for `replay`. The oldest one is dropped beyond that, which observers hear of; a redelivery still revives it. @default 1000 */
  readonly maxDead?: number
  /** Deliveries that the journal keeps, verified and unverified ones apart. @default 10_000 */
  readonly maxDeliveries?: number
  /** How long the journal keeps them. @default '7d' */
  readonly keepDeliveries?: Duration
  /** How long the journal keeps counts and durations, by the hour after two days. @default '30d' */
  readonly keepHistory?: Duration
  /** How long `waitUntil` of a host that freezes after the response is held for the first attempts. @default '25s' */
  readonly hold?: Duration
}

/** Settings of a memory inbox; times in milliseconds. */
export interface MemorySettings {
  readonly max: number
  /** Undefined if none was given: then it is as long as the sender of a receiver needs. */
  readonly window: number | undefined
  readonly maxPending: number
  readonly maxWaitingBytes: number
  readonly maxDead: number
  readonly maxDeliveries: number
  readonly keepDeliveries: number
  readonly keepHistory: number
  readonly hold: number
}

/** Checks the options. Throws a `TypeError` that names the option. */
export function memorySettings(options: MemoryInboxOptions | undefined): MemorySettings {
  const check = checks<MemoryInboxOptions>('memoryInbox', options)
  const window = check.span('window', '4d')
  const settings = {
    max: check.whole('max', 100_000),
    window: options?.window === undefined ? undefined : window,
    maxPending: check.whole('maxPending', 10_000),
    maxWaitingBytes: check.whole('maxWaitingBytes', eighthOfMemory(64 * 1024 * 1024)),
    maxDead: check.whole('maxDead', 1000),
    maxDeliveries: check.whole('maxDeliveries', 10_000),
    keepDeliveries: check.span('keepDeliveries', '7d'),
    keepHistory: check.span('keepHistory', '30d'),
    hold: check.time('hold', '25s'),
  }
  check.end()
  return settings
}
