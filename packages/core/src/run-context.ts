import type { Claim } from './inbox/inbox.ts'
import type { AttemptInfo, Observer } from './observer.ts'
import type { Subscriptions } from './subscription.ts'

/** What a run needs of its receiver. */
export interface RunContext {
  readonly receiver: string
  readonly inbox: string
  readonly subscriptions: Subscriptions
  readonly observer: Observer
  readonly now: () => number
}

/** The attempt of a claim, for observers. */
export function attemptInfo(context: RunContext, claim: Claim): AttemptInfo {
  const { event } = claim
  return {
    receiver: context.receiver,
    provider: event.provider,
    id: event.id,
    topic: event.topic,
    scope: event.scope,
    subscription: claim.subscription,
    task: claim.id,
    attempt: claim.attempt,
  }
}
