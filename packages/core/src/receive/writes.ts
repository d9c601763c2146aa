import { isWebhookError, type WebhookError } from '../errors.ts'

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
  failed(error: unknown): void
}

/** Makes the {@link Writes}. */
export function createWrites(monotonic: () => number): Writes {
  const writes: { -readonly [K in keyof Writes]: Writes[K] } = {
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
