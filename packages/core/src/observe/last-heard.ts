import type { CheckedOptions } from '../receiver/options.ts'
import type { Writable } from '../basics/maybe.ts'
import { unref } from '../basics/deadline.ts'
import { isWebhookError, type WebhookError } from '../errors.ts'

/**
 * Remembers the time of the last verified delivery, and notifies observers if no verified delivery arrives within
 * `silentAfter`.
 */
export interface Silence {
  /** Time when the last verified delivery arrived in this process, in milliseconds since 1970. */
  readonly last: number | undefined
  /** The option `silentAfter`, in milliseconds. */
  readonly limit: number | undefined
  heard(at: number): void
  start(): void
  stop(): void
}

// Maximum time between two checks, in milliseconds.
const OFTEN = 60_000

/** Creates the check whether a receiver still gets deliveries. Each period without deliveries is reported once. */
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

/** Records whether the latest writes to an inbox succeeded. */
export interface Writes {
  /** The last failure to store a delivery; undefined if a delivery or a probe (a test write) was stored after it. */
  readonly failure: WebhookError | undefined
  /**
   * True if another write, such as the write of an outcome, has failed since the last success. A test write must then
   * show whether deliveries can be stored.
   */
  readonly suspect: boolean
  /** When the last stored delivery or test write began, in milliseconds on the receiver's monotonic clock. */
  readonly storedAt: number
  /** Records a successful write. `startedAt` is the time when the write started, in milliseconds. */
  stored(startedAt: number): void
  /**
   * Records that a delivery was rejected. Only `inbox_unavailable` and `inbox_full` have an effect, since other
   * rejections say nothing about the inbox.
   */
  rejected(error: WebhookError): void
  /** Records that another write failed: of an outcome, of a renewal of a claim, or of the journal. */
  readonly failed: (error: unknown) => void
}

export function createWrites(): Writes {
  const writes: Writable<Writes> = {
    failure: undefined,
    suspect: false,
    storedAt: -Infinity,
    stored(startedAt) {
      writes.failure = undefined
      writes.suspect = false
      writes.storedAt = startedAt
    },
    rejected(error) {
      if (error.code === 'inbox_unavailable' || error.code === 'inbox_full') writes.failure = error
    },
    failed(error) {
      // If the receiver is closed, the error does not show whether the inbox works.
      if (!isWebhookError(error) || error.code !== 'receiver_closed') writes.suspect = true
    },
  }
  return writes
}
