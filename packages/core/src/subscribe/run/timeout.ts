import type { Subscription } from '../subscription.ts'
import type { RunningTask } from './claimed-task.ts'

/** Settles as the handler's result does, or rejects and aborts the task when the subscription's timeout is over. */
export function withTimeout(
  result: PromiseLike<unknown>,
  task: RunningTask,
  subscription: Subscription,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new Error(
        `${subscription.name} took longer than its timeout of ${subscription.timeout} ms`,
      )
      error.name = 'TimeoutError'
      task.abort(error)
      reject(error)
    }, subscription.timeout)
    // Query builders are thenables whose `then` may return any value.
    void Promise.resolve(result).then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error as Error)
      },
    )
  })
}
