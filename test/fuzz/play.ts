import fc from 'fast-check'
import type { FuzzTarget } from './target.ts'

export interface Played {
  readonly target: FuzzTarget
  /** Number of inputs. */
  readonly runs: number
  readonly seconds: number
  /** Smallest input that breaks the law, and how to reproduce it; undefined if none does. */
  readonly failure: string | undefined
}

/** Limits of a run: it ends at the first one reached. */
export interface Effort {
  readonly seed: number
  readonly runs: number
  readonly milliseconds: number
  /** Path of fast-check to continue from, as a failure names it. */
  readonly path?: string | undefined
}

/** Tries a target with random inputs. An unhandled rejection or uncaught error breaks the law too. */
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
