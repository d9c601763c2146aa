import { appendFileSync } from 'node:fs'

// A plugin of Stryker: it writes each mutant when it is done, as a line of JSON, so that a run that is stopped keeps what it has.

/** The file for the lines. */
const FILE = process.env['MUTATION_LINES']

const lines = {
  onMutantTested(mutant: unknown): void {
    if (FILE !== undefined) appendFileSync(FILE, `${JSON.stringify(mutant)}\n`)
  },
  onMutationTestingPlanReady({ mutantPlans }: { mutantPlans: readonly { plan: string }[] }): void {
    const planned = mutantPlans.filter(({ plan }) => plan === 'Run').length
    if (FILE !== undefined) appendFileSync(FILE, `${JSON.stringify({ planned })}\n`)
  },
}

export const strykerPlugins = [{ kind: 'Reporter', name: 'lines', value: lines }]
