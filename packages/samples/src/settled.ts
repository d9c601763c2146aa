import { NO_VIEW, unknownOptions } from '@postern/core/internal'
import type { Receiver } from '@postern/core'
import type { TaskInfo } from '@postern/core/inbox'
import { requireReceiver, requireTimeout } from './deliver.ts'

/** Options of {@link settled}. */
export interface SettledOptions {
  /** Milliseconds to wait. @default 5000 */
  readonly timeout?: number
}

// An inbox may tell of an end a moment before its list shows it.
const LOOK = 20

/**
 * Resolves once no task of the receiver is pending or running: all are done or dead, retries included. With an inbox that
 * runs handlers inside the request there is nothing to wait for.
 *
 * @throws {TypeError} if tasks are left after the timeout, naming them with their errors.
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
      // Asked before the lists: what is told as left was found after the time was over.
      const over = performance.now() >= until
      const left = await unsettled(receiver)
      // A task that goes from running to pending between the two lists is in neither. `health` counts both at once.
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
    // `inlineInbox` keeps no tasks.
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
