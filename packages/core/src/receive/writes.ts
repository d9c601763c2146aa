import type { WebhookError } from '../errors.ts'

/** What became of the last delivery that was given to the inbox. */
export interface Writes {
  /** Undefined if it was stored, or none was given yet. */
  readonly failure: WebhookError | undefined
  stored(): void
  /** It was refused. Only a refusal by the inbox counts: no forged or malformed delivery changes anything here. */
  refused(error: WebhookError): void
}

/** Makes the {@link Writes}. */
export function createWrites(): Writes {
  const writes: { -readonly [K in keyof Writes]: Writes[K] } = {
    failure: undefined,
    stored: () => void (writes.failure = undefined),
    refused(error) {
      if (error.code === 'inbox_unavailable' || error.code === 'inbox_full') writes.failure = error
    },
  }
  return writes
}
