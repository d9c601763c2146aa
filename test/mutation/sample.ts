import { readFileSync } from 'node:fs'
import { Instrumenter } from '@stryker-mutator/instrumenter'

/** One mutant, as Stryker names a range of a file. */
export interface SampledMutant {
  readonly file: string
  readonly replacement: string
  /** Lines from 0, as Stryker counts them. */
  readonly start: { readonly line: number; readonly column: number }
  readonly end: { readonly line: number; readonly column: number }
}

/** So many mutants of these files, chosen by a seed. */
export async function sampleMutants(
  files: readonly string[],
  count: number,
  seed: number,
): Promise<readonly SampledMutant[]> {
  const silent = {
    debug() {},
    info() {},
    warn() {},
    error() {},
    trace() {},
    fatal() {},
    isDebugEnabled: () => false,
  }
  const { mutants } = await new Instrumenter(silent as never).instrument(
    files.map((name) => ({ name, content: readFileSync(name, 'utf8'), mutate: true })),
    { plugins: null, excludedMutations: [], ignorers: [] } as never,
  )
  const random = randomBy(seed)
  return mutants
    .map((mutant) => ({ mutant, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ mutant: { fileName, replacement, location } }) => ({
      file: fileName,
      replacement,
      start: location.start,
      end: location.end,
    }))
}

/** The range of a mutant for Stryker's `mutate`. */
export function rangeOf({ file, start, end }: SampledMutant): string {
  return `${file}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomBy(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}
