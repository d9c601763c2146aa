import { expect, onTestFinished } from 'vitest'
import type { Fake } from './fake.ts'

/** Closes the fake after the test, and expects that nothing violated its description. */
export async function opened<F extends Fake>(starting: Promise<F>): Promise<F> {
  const fake = await starting
  onTestFinished(async () => {
    await fake.close()
    expect(fake.problems).toEqual([])
  })
  return fake
}
