import fc from 'fast-check'
import type { FuzzTarget } from './target.ts'

export interface Played {
  readonly target: FuzzTarget
  /** Number of inputs. */
  readonly runs: number
  readonly seconds: number
  /** Smallest input that fails, with the command to reproduce it. Undefined if no input fails. */
  readonly failure: string | undefined
}

/** Limits of a run, which ends at the first limit. */
export interface Effort {
  readonly seed: number
  readonly runs: number
  readonly milliseconds: number
  /** Path of fast-check to continue from, as a failure names it. */
  readonly path?: string | undefined
}

/** Runs a target with random inputs. An unhandled rejection or an uncaught error is also a failure. */
export async function play(target: FuzzTarget, effort: Effort): Promise<Played> {
  const uncaught: unknown[] = []
  const note = (error: unknown): void => void uncaught.push(error)
  process.on('uncaughtException', note).on('unhandledRejection', note)
  const started = performance.now()
  const { property, close } = await target.law()
  try {
    const details = await fc.check(property, {
      seed: effort.seed,
      numRuns: effort.runs,
      interruptAfterTimeLimit: effort.milliseconds,
      ...(effort.path !== undefined && { path: effort.path }),
    })
    const failed = details.failed && !details.interrupted
    return {
      target,
      runs: details.numRuns,
      seconds: (performance.now() - started) / 1000,
      failure: failed
        ? `${String(details.errorInstance)}\n${await fc.asyncDefaultReportMessage(details)}\nAgain: npm test -- fuzz --only '${target.name}' --seed ${details.seed} --path ${details.counterexamplePath}`
        : uncaught.length > 0
          ? `Nobody caught: ${uncaught.map(String).join('; ')}`
          : undefined,
    }
  } finally {
    await close?.()
    process.off('uncaughtException', note).off('unhandledRejection', note)
  }
}
