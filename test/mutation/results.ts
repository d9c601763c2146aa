import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plan } from './plan.ts'
import { made } from '../run/made.ts'

/** Mutant with its result, as Stryker reports it. */
export interface MutantOf {
  readonly id: string
  readonly fileName: string
  readonly status:
    | 'Killed'
    | 'Survived'
    | 'NoCoverage'
    | 'Timeout'
    | 'Ignored'
    | 'RuntimeError'
    | 'CompileError'
  readonly mutatorName: string
  readonly replacement?: string
  /** Line numbers start at 1. */
  readonly location: { readonly start: { readonly line: number; readonly column: number } }
  /** Text of the line that the mutant changes. */
  readonly line?: string
}

export interface PartResult {
  readonly name: string
  readonly minutes: number
  readonly mutants: readonly MutantOf[]
  readonly plan: Plan
  /** Why the run ended before its last mutant. */
  readonly stopped: 'time' | 'failure' | undefined
}

const FILE = fileURLToPath(new URL('RESULTS.md', import.meta.url))
const REASONS = fileURLToPath(new URL('reasons.json', import.meta.url))

/** Returns the percentage of mutants that the tests detected. */
export function scoreOf(mutants: readonly MutantOf[]): number {
  const killed = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length
  const alive = survivorsOf(mutants).length
  return killed + alive === 0 ? 100 : (100 * killed) / (killed + alive)
}

/** Writes the section of a part in test/mutation/RESULTS.md. */
export function writeResult(result: PartResult): void {
  const before = existsSync(FILE)
    ? readFileSync(FILE, 'utf8')
        .split(/^(?=## )/m)
        .slice(1)
    : []
  // The result of a full part replaces earlier results of its single files.
  const kept = before.filter((one) => !/^(?:\n|: )/.test(one.split(`## ${result.name}`)[1] ?? ''))
  const sections = [...kept, section(result)].toSorted()
  writeFileSync(FILE, [head(), ...sections].join('\n').replaceAll(/\n{3,}/g, '\n\n'))
}

const head = (): string => `# Mutation runs

${made('npm test -- mutation')} It holds the last run of each part, also older ones. Mutants that run when a module is loaded are left out. Inputs of properties are few and the same in each run. A survivor is
a change that no test noticed; the reasons are in \`reasons.json\`. What has no section here was not run.

What it does not show: a mutant is one small change. Two changes at once, and code that is missing, are not judged.
`

function section(result: PartResult): string {
  const { name, minutes, mutants } = result
  const count = (status: MutantOf['status']): number =>
    mutants.filter((mutant) => mutant.status === status).length
  const files = [...new Set(mutants.map(({ fileName }) => fileName))].toSorted()
  const reasons = reasonsOf()
  return [
    `## ${name}`,
    '',
    `${partOf(result)}${scoreOf(mutants).toFixed(1)} % killed: ${count('Killed')} by a test, ${count('Timeout')} by a timeout; ${count('Survived')} survived, ${count('NoCoverage')} ran in no test. Not counted: ${count('RuntimeError')} that failed outside of a test, ${count('Ignored')} left out. ${minutes.toFixed(0)} minutes.`,
    '',
    '| file | mutants | killed |',
    '| --- | --: | --: |',
    ...files.map((file) => {
      const of = mutants.filter(({ fileName, status }) => fileName === file && status !== 'Ignored')
      return `| ${file} | ${of.length} | ${scoreOf(of).toFixed(0)} % |`
    }),
    '',
    '| survivor | line | becomes | reason |',
    '| --- | --- | --- | --- |',
    ...survivorsOf(mutants).map(
      (mutant) =>
        `| ${mutant.fileName.replace('packages/', '')}:${mutant.location.start.line} | ${code(mutant.line)} | ${code(mutant.replacement)} | ${reasonOf(mutant, reasons)} |`,
    ),
    '',
  ].join('\n')
}

/** Returns a sentence about the mutants of the part that did not run. Empty if all ran. */
function partOf({ plan: { order, total, seed }, stopped, mutants }: PartResult): string {
  const tried = mutants.filter(({ status }) => status !== 'Ignored').length
  if (tried === total) return ''
  const why =
    stopped === 'time'
      ? `, then the time was over`
      : stopped === 'failure'
        ? `, then Stryker failed`
        : order.length < total
          ? ` were asked for`
          : ''
  return `**Partial: ${tried} of its ${total} mutants, taken by chance with seed ${seed}${why}.** `
}

function survivorsOf(mutants: readonly MutantOf[]): readonly MutantOf[] {
  return mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
}

/** Reason why a mutant may survive. The first reason that matches its file, line and mutator applies. */
interface Reason {
  readonly file?: string
  /** Text that the line must contain. */
  readonly line?: string
  readonly mutator?: string
  readonly reason: string
}

function reasonsOf(): readonly Reason[] {
  return JSON.parse(readFileSync(REASONS, 'utf8')) as readonly Reason[]
}

function reasonOf(mutant: MutantOf, reasons: readonly Reason[]): string {
  const found = reasons.find(
    ({ file, line, mutator }) =>
      (file === undefined || mutant.fileName.endsWith(file)) &&
      (line === undefined || mutant.line?.includes(line)) &&
      (mutator === undefined || mutant.mutatorName === mutator),
  )
  return found?.reason ?? ''
}

function code(text = ''): string {
  const short = text
    .replaceAll(/\s+/g, ' ')
    .slice(0, 90)
    .replaceAll('|', '\\|')
    .replaceAll('`', "'")
  return `\`${short}\``
}
