import type { MaybePromise } from '@postern/core/internal'
import type { Claim, Consumer, Lane, Outcome } from '@postern/core/engine'

export interface RecorderOptions {
  /** @default 'shop' */
  readonly receiver?: string
  /** Names or lanes. @default ['a'] */
  readonly lanes?: readonly (string | Lane)[]
  /** The sender's retry span in milliseconds. @default 0 */
  readonly retrySpan?: number
  /** Returns the outcome of an attempt. @default done */
  readonly run?: (claim: Claim, signal: AbortSignal | undefined) => MaybePromise<Outcome>
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

interface SeenRun {
  readonly claim: Claim
  /** Milliseconds since 1970. */
  readonly at: number
}

/** An outcome as the inbox reported it. */
export interface Settled {
  readonly claim: Claim
  readonly outcome: Outcome
  readonly stored: boolean
}

/** A receiver that records what its inbox does. */
export interface TaskRecorder {
  readonly consumer: Consumer
  /** Its lanes. Tests may add more. */
  readonly lanes: Lane[]
  readonly runs: readonly SeenRun[]
  readonly settled: readonly Settled[]
  /** Tasks that ended without a run, each with the task that ran instead; undefined for a stale one. */
  readonly folded: ReadonlyMap<string, string | undefined>
  readonly warnings: readonly string[]
  /** Resolves when the condition holds, which is checked after every event. Rejects after 15 seconds. */
  until(what: string, condition: () => boolean): Promise<void>
  /** Resolves when this number of outcomes is settled. */
  untilSettled(count: number): Promise<void>
  /** Returns labels of the attempts so far: subscription and event, such as `a:1`. */
  ran(): readonly string[]
  /** Returns the numbers of the attempts so far. */
  attempts(): readonly number[]
}

/** The error of failing attempts. */
export const FAILURE = { name: 'Error', message: 'the till is jammed' } as const
export const DEAD_OUTCOME: Outcome = { kind: 'dead', error: FAILURE }
export const DONE_OUTCOME: Outcome = { kind: 'done' }

/** Returns the outcome of a failed attempt that is due again after these milliseconds. */
export function retryIn(wait: number): Outcome {
  return { kind: 'retry', at: Date.now() + wait, error: FAILURE }
}

/** Returns a lane without options. */
export function lane(name: string, options: Partial<Lane> = {}): Lane {
  return { name, previousNames: [], concurrency: 10, ordered: false, timeout: 300_000, ...options }
}

export function createTaskRecorder(options: RecorderOptions): TaskRecorder {
  const lanes = (options.lanes ?? ['a']).map((one) => (typeof one === 'string' ? lane(one) : one))
  const runs: SeenRun[] = []
  const settled: Settled[] = []
  const folded = new Map<string, string | undefined>()
  const watchers = new Set<() => void>()
  const warnings: string[] = []
  const tell = (): void => {
    for (const watcher of watchers) watcher()
  }
  const consumer: Consumer = {
    receiver: options.receiver ?? 'shop',
    retrySpan: options.retrySpan ?? 0,
    lanes: () => lanes,
    run(claim, signal) {
      runs.push({ claim, at: Date.now() })
      tell()
      return options.run?.(claim, signal) ?? DONE_OUTCOME
    },
    settled(claim, outcome, stored) {
      settled.push({ claim, outcome, stored })
      tell()
    },
    folded({ task, into }) {
      folded.set(task, into)
      tell()
    },
    warn: (message) => void warnings.push(message),
    now: options.now ?? Date.now,
  }
  return {
    consumer,
    lanes,
    runs,
    settled,
    folded,
    warnings,
    until,
    untilSettled: (count) => until(`${count} outcomes are settled`, () => settled.length >= count),
    ran: () => runs.map((run) => label(run.claim)),
    attempts: () => runs.map(({ claim }) => claim.attempt),
  }

  function until(what: string, condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!condition()) return
        watchers.delete(check)
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        watchers.delete(check)
        const seen = JSON.stringify({
          folded: [...folded],
          runs: runs.map(({ claim }) => `${label(claim)} attempt ${claim.attempt}`),
          settled: settled.map(({ claim, outcome }) => `${label(claim)} ${outcome.kind}`),
          warnings,
        })
        reject(new Error(`waited 15 s in vain until ${what}; so far ${seen}`))
      }, 15_000)
      watchers.add(check)
      check()
    })
  }
}

/** Returns subscription, event and part of a claim, such as `a:1` or `a:1~part`. */
function label(claim: Claim): string {
  const part = claim.part === undefined ? '' : `~${claim.part}`
  return `${claim.subscription}:${claim.event.id ?? claim.event.key}${part}`
}
