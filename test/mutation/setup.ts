import { join } from 'node:path'
import { configureGlobal } from 'fast-check'
import { beforeEach, vi } from 'vitest'
import { READING, RELOADING, SLOW } from './parts.ts'

// fast-check properties end after 300 ms, because each mutant runs all of them. Inputs that come later rarely detect a
// mutant.
configureGlobal({ seed: 1, interruptAfterTimeLimit: 300, markInterruptAsFailure: false })

// A test that failed under the previous mutant may have left fake timers.
vi.useRealTimers()

const LEFT_OUT = new Set([...READING, ...RELOADING, ...SLOW])
beforeEach(({ task, skip }) => {
  if (LEFT_OUT.has(task.name)) skip()
})

// This file runs before each test file. The thread is reused for the next mutant, so the previous mutant is switched
// off while a file loads, as Stryker expects. Stryker adds up the coverage counts of all files, so each file starts
// with empty counts.
const { __stryker__: stryker } = globalThis as { __stryker__?: Stryker }
if (stryker) {
  stryker.activeMutant = undefined
  const { static: loaded = {}, perTest = {} } = stryker.mutantCoverage ?? {}
  for (const id of Object.keys(loaded)) delete loaded[id]
  for (const id of Object.keys(perTest)) delete perTest[id]
}

// Loads modules that tests would import later. Their top-level code then runs once per thread, before any mutant is
// active.
for (const file of (process.env['MUTATION_FILES'] ?? '').split(';'))
  if (file !== '') await import(join(process.env['MUTATION_ROOT']!, file))

interface Stryker {
  activeMutant: string | undefined
  readonly mutantCoverage?: {
    readonly static: Record<string, number>
    readonly perTest: Record<string, unknown>
  }
}
