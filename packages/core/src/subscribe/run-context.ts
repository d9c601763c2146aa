import type { Claim } from '../inbox/inbox.ts'
import { eventInfo, type AttemptInfo, type Observer } from '../observer.ts'
import type { Subscriptions } from './subscription.ts'
import type { DraftRules } from './task-drafts.ts'

/** The receiver as a run sees it. */
export interface RunContext extends DraftRules {
  readonly inbox: string
  readonly subscriptions: Subscriptions
  readonly observer: Observer
  readonly now: () => number
}

/** The attempt of a claim, for observers. */
export function attemptInfo(context: RunContext, claim: Claim): AttemptInfo {
  const { subscription, id, attempt } = claim
  return { ...eventInfo(context.receiver, claim.event), subscription, task: id, attempt }
}
