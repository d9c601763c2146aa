import { followTasks, type FollowedTasks } from '@postern/core/engine'
import type { EndsReply } from '../api/actions.ts'
import { createAnswerCache } from '../kept.ts'
import { ApiProblem } from '../replies.ts'
import type { Context } from '../routes/context.ts'

// Time limit of one request, in milliseconds.
const BUDGET = 100

interface Followed {
  readonly tasks: FollowedTasks
  readonly of: number
  readonly hasCause: boolean
}

/**
 * Makes the route that counts how the tasks of an action ended. A repeated request checks only the tasks that had not
 * ended yet.
 */
export function createEnds(): (context: Context) => Promise<EndsReply> {
  const known = createAnswerCache({ most: 50 })

  return async (context) => {
    const id = context.query.get('action') ?? ''
    const { tasks, of, hasCause } = await known.of(id, () => follow(context, id))
    const { done, dead, same, waiting, gone } = await tasks.look(BUDGET)
    // An inbox in memory forgets a task once it is done, so a missing task counts as done.
    const isDone = !context.inbox.can.durable
    return {
      done: isDone ? done + gone : done,
      dead,
      same: hasCause ? same : undefined,
      waiting,
      gone: isDone ? 0 : gone,
      of,
    }
  }

  async function follow({ inbox }: Context, id: string): Promise<Followed> {
    const [action] = (await inbox.journal?.actions({ id }))?.rows ?? []
    if (!action?.tasks || !inbox.view) throw new ApiProblem(404, 'gone', 'this action is not known')
    const { cause } = action.filter
    return {
      tasks: followTasks(inbox.view, action.tasks, cause),
      of: action.tasks.length,
      hasCause: cause !== undefined,
    }
  }
}
