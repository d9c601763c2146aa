import { expect, onTestFinished } from 'vitest'
import type { Fake } from './fake.ts'

/** Closes a fake when the test ends, in which nothing may have been against its description. */
export async function opened<F extends Fake>(starting: Promise<F>): Promise<F> {
  const fake = await starting
  onTestFinished(async () => {
    await fake.close()
    expect(fake.problems).toEqual([])
  })
  return fake
}
