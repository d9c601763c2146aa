import type { CheckedOptions } from '../receiver/options.ts'
import type { Writable } from '../basics/maybe.ts'
import { unref } from '../basics/deadline.ts'
import { isWebhookError, type WebhookError } from '../errors.ts'

/** Notes the time of the last verified delivery, and reports when none came for too long. */
export interface Silence {
  /** When the last verified delivery came to this process, in milliseconds since 1970. */
  readonly last: number | undefined
  /** Milliseconds without a delivery; undefined if the option is not set. */
  readonly limit: number | undefined
  heard(at: number): void
  start(): void
  stop(): void
}

const OFTEN = 60_000

/** Makes the watch of a receiver. A silence is reported once, and again only after a delivery ended it. */
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

/** What became of the last write that was given to the inbox. */
export interface Writes {
  /** Undefined if a delivery or a probe was stored since the last write that failed, or none did. */
  readonly failure: WebhookError | undefined
  /** Another write of the inbox failed since: whether deliveries are stored is to be tried. */
  readonly suspect: boolean
  /** When a delivery or a probe was stored last, on the receiver's monotonic clock. */
  readonly storedAt: number
  stored(): void
  /** A delivery was rejected. Only a rejection by the inbox counts: no forged or malformed delivery changes anything here. */
  rejected(error: WebhookError): void
  /** Another write of the inbox failed: an outcome, a renewal, the journal. */
  readonly failed: (error: unknown) => void
}

/** Makes the {@link Writes}. */
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
      // The receiver closes: that is said by itself.
      if (!isWebhookError(error) || error.code !== 'receiver_closed') writes.suspect = true
    },
  }
  return writes
}
