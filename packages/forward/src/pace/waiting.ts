import { Unrecoverable } from '@postern/core'

/** Bounds of the waiting tasks of one destination. */
interface WaitingSettings {
  /** Tasks of one destination that may wait in this process. */
  readonly maxWaiting: number
  /** Milliseconds a task may wait while calls to its destination pause. */
  readonly giveUp: number
}

/** The tasks that wait for a destination, by what this process has seen of them. */
export interface Waiting {
  /** A task waits on. Throws `Unrecoverable` if too many wait, or if it waited too long. */
  add(destination: string, task: string, now: number, leftAlone: boolean): void
  /** A task waits no more. */
  delete(destination: string, task: string): void
}

/**
 * Makes the register of waiting tasks. Without its bound, tasks of one dead destination would fill the receiver's
 * `maxPending`, and deliveries for all others would get 503.
 */
export function createWaiting({ maxWaiting, giveUp }: WaitingSettings): Waiting {
  const byDestination = new Map<string, Map<string, number>>()

  return {
    add(destination, task, now, leftAlone) {
      const tasks = byDestination.get(destination) ?? new Map<string, number>()
      const since = tasks.get(task)
      if (since === undefined) {
        if (tasks.size >= maxWaiting)
          throw new Unrecoverable(
            `${destination} has ${tasks.size} tasks waiting (maxWaiting): replay this one when it is well again, or raise maxWaiting`,
          )
        byDestination.set(destination, tasks.set(task, now))
      } else if (leftAlone && now - since > giveUp) {
        forget(destination, tasks, task)
        throw new Unrecoverable(
          `${destination} was out of order for longer than the retry policy tries: replay the task when it is well again`,
        )
      }
    },
    delete(destination, task) {
      const tasks = byDestination.get(destination)
      if (tasks) forget(destination, tasks, task)
    },
  }

  function forget(destination: string, tasks: Map<string, number>, task: string): void {
    tasks.delete(task)
    if (tasks.size === 0) byDestination.delete(destination)
  }
}
