import type { Outcome, Ran } from '../../inbox.ts'
import type { Attempt } from '../../journal.ts'
import type { MemoryClaim, MemoryTask } from './task.ts'

/** What the attempts of a task were, once one of them failed. */
export interface TaskLog {
  /** The first and the last nineteen, oldest first. */
  readonly attempts: Attempt[]
  /** Runs in all, those before a replay included. */
  runs: number
  /** When it became dead, in milliseconds since 1970. */
  settledAt: number | undefined
}

const FIRST = 1
const LAST = 19
const { process } = globalThis as { process?: { pid?: number } }
const PROCESS = `process ${process?.pid ?? 'of this inbox'}`

/** Notes how an attempt ended, if it did not end well: of a task that is done nothing is kept. */
export function noteAttempt(
  task: MemoryTask,
  { attempt }: MemoryClaim,
  outcome: Exclude<Outcome, { kind: 'done' }>,
  { startedAt, duration }: Ran,
): void {
  const log = (task.log ??= { attempts: [], runs: 0, settledAt: undefined })
  const { kind } = outcome
  log.runs++
  log.settledAt = kind === 'dead' ? startedAt + duration : undefined
  log.attempts.push({
    attempt,
    startedAt,
    duration,
    outcome: kind,
    ...(kind !== 'postpone' && { error: outcome.error }),
    process: PROCESS,
  })
  if (log.attempts.length > FIRST + LAST) log.attempts.splice(FIRST, 1)
}
