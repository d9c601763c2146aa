import type { Claim, Outcome } from '../../inbox/inbox.ts'
import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { createKeyBounds, type KeyBounds } from './key-bounds.ts'
import { attemptInfo, type RunContext } from './run-context.ts'
import type { Subscription } from '../subscription.ts'
import { fairKeyOf } from '../task-drafts.ts'

/** Runs an attempt within the bounds of its key, or postpones the task. `failed` gets what `fairBy` throws. */
export function boundRun(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  attempt: () => MaybePromise<Outcome>,
  failed: (error: unknown) => Outcome,
): MaybePromise<Outcome> {
  const bounds = boundsOf(subscription)
  let key: string | undefined
  try {
    key = fairKeyOf(context, claim.event, claim.delivery)
  } catch (error) {
    return failed(error)
  }
  if (key === undefined) {
    const warning = bounds.withoutKey()
    if (warning !== undefined) context.observer.warning?.(context.receiver, warning)
    return attempt()
  }
  const entered = bounds.enter(key, context.now())
  if (typeof entered === 'number') {
    context.observer.postponed?.(attemptInfo(context, claim), entered)
    return { kind: 'postpone', at: entered }
  }
  const ended = (outcome: Outcome): Outcome => {
    entered(context.now())
    return outcome
  }
  const outcome = attempt()
  return isPromise(outcome) ? outcome.then(ended) : ended(outcome)
}

// Made at the first run: a process that only accepts does not load them.
const made = new WeakMap<Subscription, KeyBounds>()

function boundsOf(subscription: Subscription): KeyBounds {
  let bounds = made.get(subscription)
  if (!bounds)
    made.set(subscription, (bounds = createKeyBounds(subscription.perKey ?? {}, subscription.name)))
  return bounds
}
