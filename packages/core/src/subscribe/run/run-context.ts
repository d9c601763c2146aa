import type { Claim } from '../../inbox/inbox.ts'
import { eventInfo, type AttemptInfo } from '../../observe/infos.ts'
import type { Observer } from '../../observer.ts'
import type { Subscriptions, DraftRules } from '../subscription.ts'
import type { Task } from '../task.ts'

export interface RunContext extends DraftRules {
  readonly inbox: string
  readonly subscriptions: Subscriptions
  readonly observer: Observer
  readonly now: () => number
}

export function attemptInfo(
  { receiver }: Pick<RunContext, 'receiver'>,
  { event, delivery, subscription, id, attempt, part }: Claim,
): AttemptInfo {
  const { receivedAt } = delivery
  const { carrier } = event
  return {
    ...eventInfo(receiver, event),
    subscription,
    task: id,
    attempt,
    part,
    receivedAt,
    carrier,
  }
}

/** The observers of a task, and the attempt that they get. */
export interface Observed {
  readonly observer: Observer
  readonly attempt: AttemptInfo
}

/** The member of a task with {@link Observed}. Other copies of this package read it by its registered name. */
export const OBSERVED: unique symbol = Symbol.for('postern.task.observed')

/**
 * Returns the observers of a task, for packages such as `forward` whose handlers report more. Returns undefined for a
 * task that no receiver created.
 */
export function observed(task: Task): Observed | undefined {
  return (task as { readonly [OBSERVED]?: Observed })[OBSERVED]
}
