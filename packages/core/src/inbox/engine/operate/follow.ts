import type { InboxView } from '../../view.ts'

/** What became of some tasks. */
export interface TaskEnds {
  readonly done: number
  readonly dead: number
  /** Of the dead ones, those that died of the cause that was asked for. */
  readonly same: number
  /** Pending or running; one that failed and is to run again is waiting too. */
  readonly waiting: number
  /** No longer in the view: forgotten, or dropped meanwhile. */
  readonly gone: number
}

/** Tasks that are looked at until all have ended. */
export interface FollowedTasks {
  /** Looks at tasks that had not ended, for at most `budget` milliseconds. The next look continues with the task after the last one. */
  look(budget: number): Promise<TaskEnds>
}

/**
 * Follows tasks to their end, as those of a replay. Those that have ended are not asked for again.
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
