import { join } from 'node:path'
import { run } from '../run/step.ts'
import { COMPILED } from './compiled.ts'

/** Before the tests that start processes: what these load is compiled once. */
export async function setup(): Promise<void> {
  // A test that starts vitest comes after that.
  if (process.env['VITEST_POOL_ID'] !== undefined) return
  const { code, output } = await run(
    process.execPath,
    [join(import.meta.dirname, 'compile-all.ts')],
    { env: COMPILED },
  )
  if (code !== 0) throw new Error(output)
}
