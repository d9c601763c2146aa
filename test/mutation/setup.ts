import { join } from 'node:path'
import { configureGlobal } from 'fast-check'
import { beforeEach, vi } from 'vitest'
import { READING, RELOADING, SLOW } from './parts.ts'

// Properties end early: a mutant that no input of the first moments finds is found by none, mostly, and each mutant runs them all.
configureGlobal({ seed: 1, interruptAfterTimeLimit: 300, markInterruptAsFailure: false })

// A test that failed under the mutant before may have left its clock.
vi.useRealTimers()

const LEFT_OUT = new Set([...READING, ...RELOADING, ...SLOW])
beforeEach(({ task, skip }) => {
  if (LEFT_OUT.has(task.name)) skip()
})

// This runs before each file of tests. The thread stays from one mutant to the next: the last one is switched off while a file is
// loaded, as Stryker expects it. Files share the counts of Stryker, which adds those of each file: they begin at nothing.
const { __stryker__: stryker } = globalThis as { __stryker__?: Stryker }
if (stryker) {
  stryker.activeMutant = undefined
  const { static: loaded = {}, perTest = {} } = stryker.mutantCoverage ?? {}
  for (const id of Object.keys(loaded)) delete loaded[id]
  for (const id of Object.keys(perTest)) delete perTest[id]
}

// What a test would load later is loaded now: its top runs once in the thread, before any mutant is on.
for (const file of (process.env['MUTATION_FILES'] ?? '').split(';'))
  if (file !== '') await import(join(process.env['MUTATION_ROOT']!, file))

/** What Stryker keeps in the thread. */
interface Stryker {
  activeMutant: string | undefined
  readonly mutantCoverage?: {
    readonly static: Record<string, number>
    readonly perTest: Record<string, unknown>
  }
}
