import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../run/step.ts'
import type { MutationPart } from './parts.ts'
import type { Plan } from './plan.ts'
import type { MutantOf, PartResult } from './results.ts'

/** How a part is tried. */
export interface TryOptions {
  /** The copy of the repository whose files are changed. */
  readonly folder: string
  readonly concurrency: number
  /** After so many minutes the part ends with what it has. */
  readonly minutes: number
  /** The most mutants of the part. */
  readonly sample: string | undefined
  /** The order of the mutants. */
  readonly seed: string
}

/** Tries the mutants of one part. A run that fails, or takes too long, gives what it has, with the reason. */
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
  // A Stryker that was stopped may leave its changes in the files.
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

/** What reporter.ts wrote. */
function readLines(file: string): [plan: Plan, ...mutants: MutantOf[]] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  if (lines.length === 0) return [{ order: [], total: 0, seed: 0 }]
  return lines.map((line) => JSON.parse(line) as unknown) as [Plan, ...MutantOf[]]
}

/** Without the mutants after the last one that was run: Stryker tells at once of all that no test reaches. */
function reached(mutants: readonly MutantOf[], { order }: Plan): readonly MutantOf[] {
  const places = new Map(order.map((id, at) => [id, at]))
  const place = ({ id }: MutantOf): number => places.get(id) ?? -1
  if (mutants.filter((one) => place(one) >= 0).length === order.length) return mutants
  const ran = mutants.filter(({ status }) => status !== 'NoCoverage' && status !== 'Ignored')
  const last = Math.max(...ran.map(place))
  return mutants.filter((mutant) => place(mutant) <= last)
}

/** With the path inside the repository, and the line that is changed. */
function placed(mutant: MutantOf, folder: string, sources: ReadonlyMap<string, string>): MutantOf {
  const file = mutant.fileName.replace(`${folder}/`, '')
  const text = sources.get(file)?.split('\n')[mutant.location.start.line - 1]
  return { ...mutant, fileName: file, line: text?.trim() ?? '' }
}
