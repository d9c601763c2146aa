import { causeOf } from '../../tasks/cause.ts'
import type { TaskDetail, TaskInfo } from '../../view.ts'
import type { FoundTask } from '../state.ts'

/** A task as operators see it. */
export function info({ state, task }: FoundTask): TaskInfo {
  const { owner, draft, log, error } = task
  const { id, topic, scope, key, provider } = owner.outline()
  return {
    id: task.id,
    receiver: state.consumer.receiver,
    subscription: draft.subscription,
    part: draft.part,
    state: task.state,
    attempt: task.attempt,
    attempts: (log?.runs ?? 0) + (task.state === 'running' ? 1 : 0),
    due: task.state === 'pending' ? task.due : undefined,
    settledAt: task.state === 'dead' ? log?.settledAt : undefined,
    duration: log?.attempts.at(-1)?.duration,
    error,
    cause: error && causeOf(error),
    provider,
    event: { id, topic, scope, key },
    receivedAt: owner.receivedAt,
  }
}

/** The same with its event and delivery. */
export function detail(found: FoundTask): TaskDetail {
  const { event, delivery } = found.task.owner
  return { ...info(found), record: event, delivery }
}
