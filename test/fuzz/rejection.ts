import { isWebhookError, type ErrorCode } from '@postern/core'

/** What a reader made of its input: a value, or a rejection. */
export type Read<Value> =
  | { readonly value: Value; readonly code?: undefined }
  | { readonly code: ErrorCode; readonly value?: undefined }

/** Reads, and lets nothing pass but values and `WebhookError`s. */
export function read<Value>(run: () => Value): Read<Value> {
  try {
    return { value: run() }
  } catch (error) {
    return { code: codeOf(error) }
  }
}

/** As {@link read}, for what answers later. */
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
  // A fault of ours, which the line makes of any other error.
  if (error.code === 'internal_error') throw error
  return error.code
}
