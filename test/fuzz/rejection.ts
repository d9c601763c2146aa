import { isWebhookError, type ErrorCode } from '@postern/core'

/** Result of a reader: a value or a rejection. */
export type Read<Value> =
  | { readonly value: Value; readonly code?: undefined }
  | { readonly code: ErrorCode; readonly value?: undefined }

/** Runs a reader and catches only a `WebhookError`. */
export function read<Value>(run: () => Value): Read<Value> {
  try {
    return { value: run() }
  } catch (error) {
    return { code: codeOf(error) }
  }
}

/** Like {@link read}, for an asynchronous reader. */
export async function readLater<Value>(
  run: () => Promise<Value> | Value,
): Promise<Read<Awaited<Value>>> {
  try {
    return { value: await run() }
  } catch (error) {
    return { code: codeOf(error) }
  }
}

function codeOf(error: unknown): ErrorCode {
  if (!isWebhookError(error)) throw error
  // `internal_error` is the code for any unexpected error, so it counts as a failure.
  if (error.code === 'internal_error') throw error
  return error.code
}
