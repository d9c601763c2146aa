import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../run/step.ts'
import type { MutationPart } from './parts.ts'
import type { MutantOf, PartResult } from './results.ts'

/** How a part is tried. */
export interface TryOptions {
  /** The copy of the repository whose files are changed. */
  readonly folder: string
  readonly concurrency: number
  /** After so many minutes the part ends with what it has. */
  readonly minutes: number
}

/** Tries the mutants of one part. A run that fails, or takes too long, gives what it has, with the reason. */
export async function tryPart(
  name: string,
  part: MutationPart,
  { folder, concurrency, minutes }: TryOptions,
): Promise<PartResult> {
  const lines = join(folder, 'mutants.jsonl')
  rmSync(lines, { force: true })
  const sources = sourcesOf(part, folder)
  const started = performance.now()
  const late = AbortSignal.timeout(minutes * 60_000)
  const { code } = await run(
    process.execPath,
    ['test/mutation/stryker.ts', JSON.stringify({ mutate: part.mutate, concurrency })],
    {
      cwd: folder,
      show: true,
      signal: late,
      env: {
        MUTATION_TESTS: part.tests.join(';'),
        MUTATION_ROOT: folder,
        MUTATION_LINES: lines,
      },
    },
  )
  // A Stryker that was stopped may leave its changes in the files.
  for (const [file, text] of sources) writeFileSync(join(folder, file), text)
  const told = existsSync(lines) ? readFileSync(lines, 'utf8').trim().split('\n') : []
  const all = told.filter((line) => line !== '').map((line) => JSON.parse(line) as Line)
  return {
    name,
    minutes: (performance.now() - started) / 60_000,
    planned: all.reduce((sum, line) => sum + ('planned' in line ? line.planned : 0), 0),
    mutants: all.flatMap((line) => ('planned' in line ? [] : [placed(line, folder, sources)])),
    stopped: late.aborted ? 'time' : code === 0 ? undefined : 'failure',
  }
}

/** What reporter.ts writes. */
type Line = MutantOf | { readonly planned: number }

/** The files to change, with their texts. */
function sourcesOf({ mutate }: MutationPart, folder: string): ReadonlyMap<string, string> {
  const files = globSync([...new Set(mutate.map((range) => range.replace(/:[\d:-]+$/, '')))], {
    cwd: folder,
  })
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
}

/** With the path inside the repository, and the line that is changed. */
function placed(mutant: MutantOf, folder: string, sources: ReadonlyMap<string, string>): MutantOf {
  const file = mutant.fileName.replace(`${folder}/`, '')
  const text = sources.get(file)?.split('\n')[mutant.location.start.line - 1]
  return { ...mutant, fileName: file, line: text?.trim() ?? '' }
}
