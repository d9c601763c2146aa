import type {
  Claim,
  Consumer,
  EventRecord,
  Intake,
  Lane,
  Outcome,
  TaskDraft,
} from '@postern/core/engine'
import { intake as intakeOf, item } from '../../testing/src/inbox/make.ts'
import { lane as laneOf } from '../../testing/src/inbox/recorder.ts'

/** A consumer that records its runs, outcomes and warnings. */
export interface Recorded {
  readonly consumer: Consumer
  readonly runs: readonly Claim[]
  readonly settled: readonly {
    readonly claim: Claim
    readonly outcome: Outcome
    readonly stored: boolean
  }[]
  readonly warnings: readonly string[]
  /** Resolves when the condition holds, which is checked after each recorded call. */
  readonly until: (condition: () => boolean) => Promise<void>
}

export interface RecordedOptions {
  readonly receiver?: string
  readonly lanes?: readonly Lane[]
  readonly run?: (claim: Claim, signal: AbortSignal | undefined) => Outcome | Promise<Outcome>
}

export function lane(name: string, options: Partial<Lane> = {}): Lane {
  return laneOf(name, { attempts: 8, ...options })
}

export function record(options: RecordedOptions = {}): Recorded {
  const runs: Claim[] = []
  const settled: { claim: Claim; outcome: Outcome; stored: boolean }[] = []
  const warnings: string[] = []
  const watchers = new Set<() => void>()
  const tell = (): void => {
    for (const watcher of watchers) watcher()
  }
  const lanes = options.lanes ?? [lane('a')]
  return {
    runs,
    settled,
    warnings,
    consumer: {
      receiver: options.receiver ?? 'shop',
      retrySpan: 0,
      lanes: () => lanes,
      run(claim, signal) {
        runs.push(claim)
        tell()
        return options.run?.(claim, signal) ?? { kind: 'done' }
      },
      settled(claim, outcome, stored) {
        settled.push({ claim, outcome, stored })
        tell()
      },
      warn(message) {
        warnings.push(message)
        tell()
      },
      now: Date.now,
    },
    until: (condition) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!condition()) return
          watchers.delete(check)
          resolve()
        }
        watchers.add(check)
        check()
      }),
  }
}

export function intake(
  id: string,
  tasks: readonly TaskDraft[] = [{ subscription: 'a' }],
  options: Partial<EventRecord> = {},
): Intake {
  return intakeOf(item(id, tasks, options))
}
