import { randomBy } from '../services/random.ts'

/** The values in an order by chance, the same for the same seed. */
export function shuffled<Value>(values: readonly Value[], seed: number): readonly Value[] {
  const random = randomBy(seed)
  return values
    .map((value) => ({ value, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ value }) => value)
}
