import { appendFileSync } from 'node:fs'
import type { Plan } from './plan.ts'
import { shuffled } from './shuffled.ts'

// Stryker plugin that chooses the mutants to run. It writes each finished mutant as a line of JSON, so that a stopped
// run keeps its results.

const file = process.env['MUTATION_LINES']
const most = Number(process.env['MUTATION_SAMPLE'] ?? Number.POSITIVE_INFINITY)
const seed = Number(process.env['MUTATION_SEED'] ?? 1)

/** Mutant, and whether Stryker will run it. */
interface Planned {
  readonly plan: 'Run' | 'EarlyResult'
  readonly mutant: { readonly id: string }
}

const lines = {
  /**
   * Puts the mutants in random order, so that the results of a stopped run are a sample. Stryker runs the mutants of
   * this list.
   */
  onMutationTestingPlanReady({ mutantPlans }: { mutantPlans: Planned[] }): void {
    const runs = mutantPlans.filter(({ plan }) => plan === 'Run')
    const chosen = shuffled(runs, seed).slice(0, most)
    const others = mutantPlans.filter(({ plan }) => plan !== 'Run')
    mutantPlans.splice(0, mutantPlans.length, ...others, ...chosen)
    write({ order: chosen.map(({ mutant }) => mutant.id), total: runs.length, seed } satisfies Plan)
  },

  onMutantTested(mutant: unknown): void {
    write(mutant)
  },
}

function write(value: unknown): void {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(value)}\n`)
}

export const strykerPlugins = [{ kind: 'Reporter', name: 'lines', value: lines }]
