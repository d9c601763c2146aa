import type { MaybePromise } from '@postern/core/internal'
import type { Claim, Consumer, Lane, Outcome, Ran } from '@postern/core/engine'

export interface RecorderOptions {
  /** @default 'shop' */
  readonly receiver?: string
  /** Subscriptions (lanes), as names or with options. @default ['a'] */
  readonly lanes?: readonly (string | Lane)[]
  /** Time for which the sender retries, in milliseconds. @default 0 */
  readonly retrySpan?: number
  /** Returns the outcome of an attempt. @default done */
  readonly run?: (claim: Claim, signal: AbortSignal | undefined) => MaybePromise<Outcome>
  /** Returns the time in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

interface SeenRun {
  readonly claim: Claim
  /** Time when the run started, in milliseconds since 1970. */
  readonly at: number
  readonly signal: AbortSignal | undefined
}

/** The outcome of an attempt. `stored` is false if the inbox rejected the outcome. */
export interface Settled {
  readonly claim: Claim
  readonly outcome: Outcome
  readonly stored: boolean
  readonly ran: Ran | undefined
}

/** A receiver that records what its inbox does with its tasks. */
export interface TaskRecorder {
  readonly consumer: Consumer
  /** Subscriptions (lanes). A test may add further subscriptions. */
  readonly lanes: Lane[]
  readonly runs: readonly SeenRun[]
  readonly settled: readonly Settled[]
  /**
   * Tasks that ended without a run, by id. The value is the task that ran instead. The value is undefined if the event
   * was stale (older than another event of its key).
   */
  readonly folded: ReadonlyMap<string, string | undefined>
  readonly warnings: readonly string[]
  readonly cuts: readonly Parameters<NonNullable<Consumer['interrupted']>>[0][]
  /** Resolves when the condition is true. Checks after every event of the inbox, and rejects after 15 seconds. */
  until(what: string, condition: () => boolean): Promise<void>
  /** Resolves when `count` outcomes are settled, counted over the whole test. */
  untilSettled(count: number): Promise<void>
  /** Returns a label for each attempt, made of subscription and event, such as `a:1`. */
  ran(): readonly string[]
  /** Returns the number of each attempt, which is 1 for a task's first attempt. */
  attempts(): readonly number[]
}

export const FAILURE = { name: 'Error', message: 'the till is jammed' } as const
export const DEAD_OUTCOME: Outcome = { kind: 'dead', error: FAILURE }
export const DONE_OUTCOME: Outcome = { kind: 'done' }

/** Returns the outcome of a failed attempt. The task is due again after `wait` milliseconds. */
export function retryIn(wait: number): Outcome {
  return { kind: 'retry', at: Date.now() + wait, error: FAILURE }
}

/** Makes a subscription (lane). Options that are not given have the defaults of the tests. */
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
  const cuts: TaskRecorder['cuts'][number][] = []
  const tell = (): void => {
    for (const watcher of watchers) watcher()
  }
  const consumer: Consumer = {
    receiver: options.receiver ?? 'shop',
    retrySpan: options.retrySpan ?? 0,
    lanes: () => lanes,
    run(claim, signal) {
      runs.push({ claim, at: Date.now(), signal })
      tell()
      return options.run?.(claim, signal) ?? DONE_OUTCOME
    },
    settled(claim, outcome, stored, ran) {
      settled.push({ claim, outcome, stored, ran })
      tell()
    },
    folded({ task, into }) {
      folded.set(task, into)
      tell()
    },
    interrupted: (interruption) => void cuts.push(interruption),
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
    cuts,
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

/** Returns the label of a claim: subscription, event and part, such as `a:1` or `a:1~part`. */
function label(claim: Claim): string {
  const part = claim.part === undefined ? '' : `~${claim.part}`
  return `${claim.subscription}:${claim.event.id ?? claim.event.key}${part}`
}
