import type { MaybePromise } from '@postern/core'
import type { Outcome, Ran } from '@postern/core/inbox'
import type { HeldJob } from './claim.ts'
import type { ClaimEnd } from './claim-end.ts'
import { doneValue, settle, takeBack, type Owner, type SettleContext } from './settle.ts'
import { spawn, unstorableReason } from './spawn.ts'

/** A run that reported, and the claim that stores its outcome. */
interface ReportedRun {
  readonly owner: Owner
  readonly held: HeldJob
}

/** Stores the outcome of a run, except `done`, which the caller of {@link ClaimEnd} stores with its value. */
export function finish(
  context: SettleContext,
  { owner, held }: ReportedRun,
  outcome: Outcome,
  ran: Ran,
): MaybePromise<ClaimEnd> {
  const { consumer, lease } = context
  const { kind } = outcome
  if (kind !== 'done') {
    return settle(context, owner, held, outcome, ran).then((stored) => {
      consumer.settled(held.claim, outcome, stored, ran)
      return { kind, ran: true }
    })
  }
  const drafts = outcome.spawn ?? []
  // Adding the children would fail each time it is tried.
  const unstorable = drafts.length > 0 ? unstorableReason(drafts) : undefined
  if (unstorable) return finish(context, { owner, held }, { kind: 'dead', error: unstorable }, ran)
  // BullMQ needs the lock to store the outcome: a lock that may have ended is renewed first.
  const sure = performance.now() <= held.until - lease / 4
  if (sure && drafts.length === 0)
    return { kind, ran: true, finished: { held, ran, outcome, value: doneValue(held, ran) } }
  return complete(context, { owner, held }, outcome, ran, sure)
}

async function complete(
  context: SettleContext,
  { owner, held }: ReportedRun,
  outcome: Extract<Outcome, { kind: 'done' }>,
  ran: Ran,
  sure: boolean,
): Promise<ClaimEnd> {
  const { claim } = held
  const drafts = outcome.spawn ?? []
  const back = sure ? 'held' : await takeBack(context, owner, held, true)
  if (back === 'held' && (drafts.length === 0 || (await spawn(context, owner, claim, drafts)))) {
    const value = doneValue(held, ran)
    return { kind: 'done', ran: true, finished: { held, ran, outcome, value } }
  }
  context.consumer.settled(claim, outcome, back === 'stored', ran)
  return { ran: true }
}
