import type { Claim, Consumer, Intake, Lane, Outcome, Ran, TaskDraft } from '@postern/core/engine'

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

/** A lane as a subscription without options has it. */
export function lane(name: string, options: Partial<Lane> = {}): Lane {
  return { name, previousNames: [], concurrency: 10, ordered: false, timeout: 300_000, ...options }
}

/** A delivery with one event a task, or with the events given. */
export function intake(
  id: string,
  tasks: readonly TaskDraft[] = [{ subscription: 'a' }],
  event: Partial<Intake['items'][number]['event']> = {},
): Intake {
  return {
    delivery: {
      method: 'POST',
      url: '/',
      headers: [],
      body: Buffer.from(`{"id":"${id}"}`),
      receivedAt: Date.now(),
    },
    items: [
      {
        event: {
          key: `:${id}`,
          dedupe: true,
          id,
          topic: 'thing.happened',
          aliases: [],
          payload: { id },
          tenant: undefined,
          provider: 'acme',
          ...event,
        },
        tasks,
      },
    ],
  }
}

/** A promise and what resolves it. */
export function gate(): { readonly passed: Promise<void>; readonly pass: () => void } {
  let pass = (): void => {}
  const passed = new Promise<void>((resolve) => (pass = resolve))
  return { passed, pass }
}
