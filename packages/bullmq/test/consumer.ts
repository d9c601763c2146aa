import type {
  Claim,
  Consumer,
  EventRecord,
  Intake,
  Lane,
  Outcome,
  Ran,
  TaskDraft,
} from '@postern/core/engine'
import { intake as intakeOf, item } from '../../testing/src/inbox/make.ts'
import { lane } from '../../testing/src/inbox/recorder.ts'

export { gate } from '../../testing/src/inbox/make.ts'
export { lane } from '../../testing/src/inbox/recorder.ts'

/** A receiver that records what its inbox does with it. */
export interface Recorded extends Consumer {
  readonly runs: { readonly claim: Claim; readonly signal: AbortSignal | undefined }[]
  readonly ended: {
    readonly claim: Claim
    readonly outcome: Outcome
    readonly stored: boolean
    readonly ran: Ran | undefined
  }[]
  readonly warnings: string[]
  readonly cuts: Parameters<NonNullable<Consumer['interrupted']>>[0][]
  /** Names of what ran, in order. */
  names(): string[]
}

/** What it runs and how. */
export interface RecordedOptions {
  readonly receiver?: string
  readonly lanes?: readonly Lane[]
  readonly run?: (claim: Claim, signal: AbortSignal | undefined) => Outcome | Promise<Outcome>
}

/** An outcome. */
export const DONE: Outcome = { kind: 'done' }

/** Makes a receiver. */
export function record(options: RecordedOptions = {}): Recorded {
  const { receiver = 'shop', lanes = [lane('a')], run = () => DONE } = options
  const runs: Recorded['runs'] = []
  const ended: Recorded['ended'] = []
  const warnings: string[] = []
  const cuts: Recorded['cuts'] = []
  return {
    receiver,
    retrySpan: 0,
    lanes: () => lanes,
    run(claim, signal) {
      runs.push({ claim, signal })
      return run(claim, signal)
    },
    settled: (claim, outcome, stored, ran) => void ended.push({ claim, outcome, stored, ran }),
    warn: (message) => void warnings.push(message),
    now: Date.now,
    runs,
    ended,
    warnings,
    cuts,
    interrupted: (interruption) => void cuts.push(interruption),
    names: () => runs.map(({ claim }) => claim.event.id!),
  }
}

/** A delivery of one event. */
export function intake(
  id: string,
  tasks: readonly TaskDraft[] = [{ subscription: 'a' }],
  event: Partial<EventRecord> = {},
): Intake {
  return intakeOf(item(id, tasks, event))
}
