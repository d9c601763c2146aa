import { cpuOf, inTurn } from '../../services/figures.ts'

/** Options of {@link interleave}. `bytes` is the body size. */
export interface InterleaveOptions {
  readonly quick: boolean
  readonly bytes: number
}

/**
 * Runs the works in turn, in rounds, after a warm-up. Returns the CPU microseconds of one repetition, by work and
 * round. CPU time of all threads counts, including the garbage collector's threads.
 */
export async function interleave(
  works: readonly ((count: number) => Promise<void>)[],
  { quick, bytes }: InterleaveOptions,
): Promise<readonly number[][]> {
  // Each size takes about the same time: a delivery takes about 5 µs, plus 3 µs per KB.
  const budget = quick ? 40_000 : 120_000
  const count = Math.max(16, Math.round(budget / (5 + (bytes / 1024) * 3)))
  for (const work of works) await work(count * (quick ? 2 : 4))
  return inTurn(
    works,
    { rounds: quick ? 5 : 11, warm: 0 },
    async (work) => (await cpuOf(() => work(count))) / count,
  )
}
