import type { InboxView } from '../../view.ts'

/** Numbers of followed tasks: how many have ended and how, and how many have not. */
export interface TaskEnds {
  readonly done: number
  readonly dead: number
  /** Number of dead tasks with the given cause. */
  readonly same: number
  /** Number of pending and running tasks, including tasks that will be retried. */
  readonly waiting: number
  /** Number of tasks that no longer exist in the view. */
  readonly gone: number
}

/** A set of tasks that is checked until all of them have ended. */
export interface FollowedTasks {
  /**
   * Checks open tasks for at most `budget` milliseconds. The next call continues after the task that was checked last.
   */
  look(budget: number): Promise<TaskEnds>
}

/**
 * Follows tasks until they have ended, for example the tasks of a replay. Tasks that have ended are not read again.
 *
 * @example
 * const [action] = (await inbox.journal.actions({ id: changed.action })).rows
 * const { done, dead, waiting } = await followTasks(inbox.view, action.tasks).look(500)
 */
export function followTasks(
  view: Pick<InboxView, 'list'>,
  tasks: readonly string[],
  cause?: string,
): FollowedTasks {
  const open = [...new Set(tasks)]
  const ends = { done: 0, dead: 0, same: 0, gone: 0 }
  return {
    async look(budget) {
      const until = performance.now() + budget
      for (let left = open.length; left > 0 && performance.now() < until; left--) {
        const id = open.shift()!
        const task = (await view.list({ id, limit: 1 })).rows[0]
        if (!task) ends.gone++
        else if (task.state === 'done') ends.done++
        else if (task.state !== 'dead') open.push(id)
        else {
          ends.dead++
          if (cause !== undefined && task.cause === cause) ends.same++
        }
      }
      return { ...ends, waiting: open.length }
    },
  }
}
