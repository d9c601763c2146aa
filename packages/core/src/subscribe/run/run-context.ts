import type { Claim } from '../../inbox/inbox.ts'
import { eventInfo, type AttemptInfo } from '../../observe/infos.ts'
import type { Observer } from '../../observer.ts'
import type { Subscriptions, DraftRules } from '../subscription.ts'

/** The receiver as a run sees it. */
export interface RunContext extends DraftRules {
  readonly inbox: string
  readonly subscriptions: Subscriptions
  readonly observer: Observer
  readonly now: () => number
}

/** The attempt of a claim, for observers. */
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
