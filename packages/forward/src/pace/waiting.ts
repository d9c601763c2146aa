import { UnrecoverableError } from '@postern/core'

/** Bounds of the waiting tasks of one destination. */
interface WaitingSettings {
  /** Tasks of one destination that may wait in this process. */
  readonly maxWaiting: number
  /** Milliseconds a task may wait while calls to its destination pause. */
  readonly giveUp: number
}

/** The tasks that wait for a destination, by what this process has seen of them. */
export interface Waiting {
  /** A task of the key waits on. Throws `UnrecoverableError`, with the name of the destination, if too many wait or if it waited too long. */
  add(key: string, task: string, now: number, leftAlone: boolean, destination?: string): void
  /** A task waits no more. */
  delete(key: string, task: string): void
}

/**
 * Makes the register of waiting tasks. Without its bound, tasks of one dead destination would fill the receiver's
 * `maxPending`, and deliveries for all others would get 503.
 */
export function createWaiting({ maxWaiting, giveUp }: WaitingSettings): Waiting {
  const byKey = new Map<string, Map<string, number>>()

  return {
    add(key, task, now, leftAlone, destination = key) {
      const tasks = byKey.get(key) ?? new Map<string, number>()
      const since = tasks.get(task)
      if (since === undefined) {
        if (tasks.size >= maxWaiting)
          throw new UnrecoverableError(
            `${destination} has ${tasks.size} tasks waiting (maxWaiting): replay this one when it works again, or raise maxWaiting`,
          )
        byKey.set(key, tasks.set(task, now))
      } else if (leftAlone && now - since > giveUp) {
        forget(key, tasks, task)
        throw new UnrecoverableError(
          `${destination} was out of order for longer than the retry policy tries: replay the task when it works again`,
        )
      }
    },
    delete(key, task) {
      const tasks = byKey.get(key)
      if (tasks) forget(key, tasks, task)
    },
  }

  function forget(key: string, tasks: Map<string, number>, task: string): void {
    tasks.delete(task)
    if (tasks.size === 0) byKey.delete(key)
  }
}
