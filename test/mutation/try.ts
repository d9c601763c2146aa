import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../run/step.ts'
import type { MutationPart } from './parts.ts'
import type { Plan } from './plan.ts'
import type { MutantOf, PartResult } from './results.ts'

export interface TryOptions {
  /** Copy of the repository whose files are changed. */
  readonly folder: string
  readonly concurrency: number
  /** Time limit in minutes. The part then ends with the results so far. */
  readonly minutes: number
  /** Maximum number of mutants of the part. */
  readonly sample: string | undefined
  /** Seed for the order of the mutants. */
  readonly seed: string
}

/** Runs the mutants of one part. If the run fails or takes too long, returns the results so far and the reason. */
export async function tryPart(
  name: string,
  part: MutationPart,
  { folder, concurrency, minutes, sample, seed }: TryOptions,
): Promise<PartResult> {
  const lines = join(folder, 'mutants.jsonl')
  rmSync(lines, { force: true })
  const left = new Set(globSync([...(part.except ?? [])], { cwd: folder }))
  const files = globSync([...part.mutate], { cwd: folder }).filter((file) => !left.has(file))
  const sources = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
  const started = performance.now()
  const late = AbortSignal.timeout(minutes * 60_000)
  const { code } = await run(
    process.execPath,
    ['test/mutation/stryker.ts', JSON.stringify({ mutate: files, concurrency })],
    {
      cwd: folder,
      show: true,
      signal: late,
      env: {
        MUTATION_TESTS: part.tests.join(';'),
        MUTATION_FILES: files.join(';'),
        MUTATION_ROOT: folder,
        MUTATION_LINES: lines,
        MUTATION_SAMPLE: sample,
        MUTATION_SEED: seed,
      },
    },
  )
  // If Stryker was stopped, its changes may still be in the files.
  for (const [file, text] of sources) writeFileSync(join(folder, file), text)
  const [plan, ...mutants] = readLines(lines)
  return {
    name,
    minutes: (performance.now() - started) / 60_000,
    plan,
    mutants: reached(mutants, plan).map((mutant) => placed(mutant, folder, sources)),
    stopped: late.aborted ? 'time' : code === 0 ? undefined : 'failure',
  }
}

function readLines(file: string): [plan: Plan, ...mutants: MutantOf[]] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  if (lines.length === 0) return [{ order: [], total: 0, seed: 0 }]
  return lines.map((line) => JSON.parse(line) as unknown) as [Plan, ...MutantOf[]]
}

/**
 * Removes the mutants after the last one that ran. Stryker reports all mutants without coverage at the start, even
 * those that come later in the order.
 */
function reached(mutants: readonly MutantOf[], { order }: Plan): readonly MutantOf[] {
  const places = new Map(order.map((id, at) => [id, at]))
  const place = ({ id }: MutantOf): number => places.get(id) ?? -1
  if (mutants.filter((one) => place(one) >= 0).length === order.length) return mutants
  const ran = mutants.filter(({ status }) => status !== 'NoCoverage' && status !== 'Ignored')
  const last = Math.max(...ran.map(place))
  return mutants.filter((mutant) => place(mutant) <= last)
}

/** Returns the mutant with its path in the repository and the text of its line. */
function placed(mutant: MutantOf, folder: string, sources: ReadonlyMap<string, string>): MutantOf {
  const file = mutant.fileName.replace(`${folder}/`, '')
  const text = sources.get(file)?.split('\n')[mutant.location.start.line - 1]
  return { ...mutant, fileName: file, line: text?.trim() ?? '' }
}
