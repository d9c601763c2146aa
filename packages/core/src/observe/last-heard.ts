import type { CheckedOptions } from '../receiver/options.ts'
import type { Writable } from '../basics/maybe.ts'
import { unref } from '../basics/deadline.ts'
import { isWebhookError, type WebhookError } from '../errors.ts'

/** Notes the time of the last verified delivery, and reports when none arrives for too long. */
export interface Silence {
  /** When the last verified delivery arrived in this process, in milliseconds since 1970. */
  readonly last: number | undefined
  /** The option `silentAfter`, in milliseconds. */
  readonly limit: number | undefined
  heard(at: number): void
  start(): void
  stop(): void
}

const OFTEN = 60_000

/** Makes the watch of a receiver. Each silence is reported once. */
export function createSilence({
  name,
  silentAfter: limit,
  now,
  observer,
}: Pick<CheckedOptions, 'name' | 'silentAfter' | 'now' | 'observer'>): Silence {
  let since = 0
  let told = false
  let timer: ReturnType<typeof setInterval> | undefined

  const silence: Writable<Silence> = {
    limit,
    last: undefined,
    heard(at) {
      silence.last = at
      since = at
      told = false
    },
    start() {
      if (limit === undefined || timer !== undefined) return
      since = silence.last ?? now()
      timer = setInterval(look, Math.min(Math.max(limit / 4, 1), OFTEN))
      unref(timer)
    },
    stop: () => clearInterval(timer),
  }
  return silence

  function look(): void {
    if (told || now() - since < limit!) return
    told = true
    observer.silent?.(name, since)
  }
}

/** The result of the last writes to the inbox. */
export interface Writes {
  /** The last failure; undefined if a delivery or a probe was stored after it. */
  readonly failure: WebhookError | undefined
  /** True if another write has failed since: a probe must show whether deliveries are stored. */
  readonly suspect: boolean
  /** When a delivery or a probe was last stored, on the receiver's monotonic clock. */
  readonly storedAt: number
  stored(): void
  /** Notes the rejection of a delivery. Only a rejection by the inbox counts: forged and malformed deliveries change nothing. */
  rejected(error: WebhookError): void
  /** Notes that another write failed: an outcome, a renewal or the journal. */
  readonly failed: (error: unknown) => void
}

export function createWrites(monotonic: () => number): Writes {
  const writes: Writable<Writes> = {
    failure: undefined,
    suspect: false,
    storedAt: -Infinity,
    stored() {
      writes.failure = undefined
      writes.suspect = false
      writes.storedAt = monotonic()
    },
    rejected(error) {
      if (error.code === 'inbox_unavailable' || error.code === 'inbox_full') writes.failure = error
    },
    failed(error) {
      // A closed receiver is reported separately.
      if (!isWebhookError(error) || error.code !== 'receiver_closed') writes.suspect = true
    },
  }
  return writes
}
