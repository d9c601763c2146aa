import { isWebhookError, type ErrorCode } from '../../src/errors.ts'

/**
 * Returns the code of the WebhookError that the function throws, or undefined if it returns. Throws other errors again.
 */
export function rejection(run: () => unknown): ErrorCode | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (isWebhookError(error)) return error.code
    throw error
  }
}

/** {@link rejection} of an asynchronous function. */
export async function rejectionOf(run: () => Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    if (isWebhookError(error)) return error.code
    throw error
  }
}
