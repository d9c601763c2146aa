import { configureGlobal } from 'fast-check'
import { beforeAll, beforeEach } from 'vitest'
import { SLOW } from './parts.ts'

// Properties end early: a mutant that no input of the first moments finds is found by none, mostly, and each mutant runs them all.
configureGlobal({ seed: 1, interruptAfterTimeLimit: 300, markInterruptAsFailure: false })

beforeEach(({ task, skip }) => {
  if (SLOW.includes(task.name)) skip()
})

// Files share the counts of Stryker, which adds those of each file: an endless loop would end a hundred times later.
beforeAll(() => {
  const { mutantCoverage } = (globalThis as { __stryker__?: Counted }).__stryker__ ?? {}
  if (mutantCoverage === undefined) return
  for (const id of Object.keys(mutantCoverage.static)) delete mutantCoverage.static[id]
  for (const id of Object.keys(mutantCoverage.perTest)) delete mutantCoverage.perTest[id]
})

interface Counted {
  readonly mutantCoverage?: {
    readonly static: Record<string, number>
    readonly perTest: Record<string, unknown>
  }
}
