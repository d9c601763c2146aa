import { join } from 'node:path'
import { run } from '../run/step.ts'
import { COMPILED } from './compiled.ts'

/** Compiles the modules of test processes once, before tests start them. */
export async function setup(): Promise<void> {
  // A test that starts vitest itself runs after this setup.
  if (process.env['VITEST_POOL_ID'] !== undefined) return
  const { code, output } = await run(
    process.execPath,
    [join(import.meta.dirname, 'compile-all.ts')],
    { env: COMPILED },
  )
  if (code !== 0) throw new Error(output)
}
