import { isWebhookError, type ErrorCode } from '../../src/errors.ts'

/** The code a function rejects its input with; undefined if it takes it. Any other error is thrown on. */
export function rejection(run: () => unknown): ErrorCode | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (isWebhookError(error)) return error.code
    throw error
  }
}

/** {@link rejection} for what answers later. */
export async function rejectionOf(run: () => Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    if (isWebhookError(error)) return error.code
    throw error
  }
}
