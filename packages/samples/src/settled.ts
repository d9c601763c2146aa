import { NO_VIEW, unknownOptions } from '@postern/core/internal'
import type { Receiver } from '@postern/core'
import type { TaskInfo } from '@postern/core/inbox'
import { requireReceiver, requireTimeout } from './deliver.ts'

/** Options of {@link settled}. */
export interface SettledOptions {
  /** Maximum wait, in milliseconds. @default 5000 */
  readonly timeout?: number
}

// Interval of checks, in milliseconds. An inbox may report that a task is done before its list shows that.
const LOOK = 20

/**
 * Waits until no task of the receiver is pending or running: all tasks are done or dead, and none waits for a retry.
 * With an inbox that runs handlers inside the request, this function returns immediately.
 *
 * @throws {TypeError} if tasks are left after the timeout; the message lists these tasks with their errors.
 * @example
 * await receiver.fetch(await signed(provider, 'push'))
 * await settled(receiver)
 */
export async function settled(
  receiver: Pick<Receiver, 'health' | 'observe' | 'tasks'>,
  options: SettledOptions = {},
): Promise<void> {
  requireReceiver('settled', receiver)
  unknownOptions('settled', options, ['timeout'])
  const { timeout = 5000 } = options
  requireTimeout('settled', timeout)
  const until = performance.now() + timeout
  let wake = (): void => undefined
  const told = (): void => wake()
  const stop = receiver.observe({ done: told, dead: told, retried: told, postponed: told })
  try {
    for (;;) {
      // The time is read before the list, so the tasks in the error were still unfinished after the timeout.
      const over = performance.now() >= until
      const left = await unsettled(receiver)
      // Pending and running tasks are read one after the other. A task that changes its state in between may be in
      // neither list, but `health` counts both states in one step.
      if (left.length === 0 && !(await receiver.health()).pending) return
      if (over) throw unfinished(left, timeout)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  } finally {
    stop()
  }
}

async function unsettled(receiver: Pick<Receiver, 'tasks'>): Promise<readonly TaskInfo[]> {
  try {
    const pending = await receiver.tasks({ state: 'pending' })
    return [...pending, ...(await receiver.tasks({ state: 'running' }))]
  } catch (error) {
    // An `inlineInbox` keeps no tasks, so no task is unfinished.
    if (error instanceof TypeError && error.message.includes(NO_VIEW)) return []
    throw error
  }
}

function unfinished(left: readonly TaskInfo[], timeout: number): TypeError {
  const named = left
    .slice(0, 5)
    .map(
      ({ subscription, event, state, error }) =>
        `${subscription} on ${event.topic} (${state}${error ? `, ${error.message}` : ''})`,
    )
  return new TypeError(
    `settled: ${left.length === 1 ? '1 task is' : `${left.length} tasks are`} left after ${timeout} ms: ${named.join('; ')}; raise timeout, or use retry: { attempts: 1 } in tests`,
  )
}
