import { cpuOf, inTurn } from '../../services/figures.ts'

/** How long to measure what handles bodies of a size. */
export interface InterleaveOptions {
  readonly quick: boolean
  readonly bytes: number
}

/**
 * Runs the works in turn, round after round; the CPU microseconds of one repetition, by work and round. Each gets a
 * warm-up first. CPU time of all threads counts, so work of the garbage collector's threads is not free.
 */
export async function interleave(
  works: readonly ((count: number) => Promise<void>)[],
  { quick, bytes }: InterleaveOptions,
): Promise<readonly number[][]> {
  // About as long a time for each size: some 5 µs and 3 µs for each KB.
  const budget = quick ? 40_000 : 120_000
  const count = Math.max(16, Math.round(budget / (5 + (bytes / 1024) * 3)))
  for (const work of works) await work(count * (quick ? 2 : 4))
  return inTurn(
    works,
    { rounds: quick ? 5 : 11, warm: 0 },
    async (work) => (await cpuOf(() => work(count))) / count,
  )
}
