import type { Claim, Outcome } from '../inbox/inbox.ts'
import { isPromise, type MaybePromise } from '../maybe.ts'
import type { KeyBounds } from './per-key.ts'
import { attemptInfo, type RunContext } from './run-context.ts'
import { fairKeyOf } from './task-drafts.ts'

/** Runs an attempt within the bounds of its key, or postpones the task. `failed` gets what `fairBy` throws. */
export function boundRun(
  context: RunContext,
  claim: Claim,
  bounds: KeyBounds,
  attempt: () => MaybePromise<Outcome>,
  failed: (error: unknown) => Outcome,
): MaybePromise<Outcome> {
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
