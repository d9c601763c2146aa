import { randomBy } from '../services/random.ts'

/** Returns the values in random order, which is the same for the same seed. */
export function shuffled<Value>(values: readonly Value[], seed: number): readonly Value[] {
  const random = randomBy(seed)
  return values
    .map((value) => ({ value, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ value }) => value)
}
