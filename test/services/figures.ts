export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Returns the quantile of the values. `part` is from 0 to 1. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * part
  const low = sorted[Math.floor(at)]!
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at))
}

/** Returns the CPU time of all threads that the work takes, in microseconds. */
export async function cpuOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/**
 * Measures the items in turn, in rounds, so that a busy machine slows down all of them. Each round starts with another
 * item. The first `warm` rounds do not count. Returns the figures of each item.
 */
export async function inTurn<Item>(
  items: readonly Item[],
  { rounds, warm }: { readonly rounds: number; readonly warm: number },
  measure: (item: Item, round: number) => number | Promise<number>,
): Promise<readonly number[][]> {
  const figures: number[][] = items.map(() => [])
  for (let round = -warm; round < rounds; round++)
    for (let turn = 0; turn < items.length; turn++) {
      const at = (round + warm + turn) % items.length
      const figure = await measure(items[at]!, round)
      if (round >= 0) figures[at]!.push(figure)
    }
  return figures
}
