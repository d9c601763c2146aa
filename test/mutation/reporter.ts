import { appendFileSync } from 'node:fs'
import type { Plan } from './plan.ts'
import { shuffled } from './shuffled.ts'

// A plugin of Stryker: it chooses the mutants that run, and writes each one that is done as a line of JSON, so that a run that
// is stopped keeps what it has.

const file = process.env['MUTATION_LINES']
const most = Number(process.env['MUTATION_SAMPLE'] ?? Number.POSITIVE_INFINITY)
const seed = Number(process.env['MUTATION_SEED'] ?? 1)

/** A mutant and what Stryker means to do with it. */
interface Planned {
  readonly plan: 'Run' | 'EarlyResult'
  readonly mutant: { readonly id: string }
}

const lines = {
  /** Mutants run in an order by chance, so that those of a stopped run are a sample. Stryker runs what is in this list. */
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
