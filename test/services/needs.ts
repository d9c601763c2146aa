import { describe, expect, test } from 'vitest'
import type { Program } from './programs.ts'

export interface Define {
  readonly describe: typeof describe | typeof describe.skip
  readonly test: typeof test | typeof test.skip
}

/**
 * Returns `describe` and `test` for tests that need these programs. If one is missing, the tests are skipped and their
 * name says why. The report has one line per missing program.
 */
export function needs(...programs: readonly Program[]): Define {
  for (const { name, long } of programs) if (long) longOnly(name)
  const lacking = programs.find(({ file }) => file === undefined)
  if (lacking === undefined) return { describe, test }
  const named =
    <Rest extends readonly unknown[]>(skip: (name: string, ...rest: Rest) => void) =>
    (name: string, ...rest: Rest): void =>
      skip(`${name} [needs ${lacking.name}]`, ...rest)
  return {
    describe: named(describe.skip) as typeof describe.skip,
    test: named(test.skip) as typeof test.skip,
  }
}

/** Throws if the current test file does not belong to `npm run test:all`. */
export function longOnly(what: string): void {
  const file = expect.getState().testPath
  if (file !== undefined && !file.endsWith('.long.test.ts'))
    throw new Error(
      `${file}: a test with ${what} takes long; call the file *.long.test.ts, so that npm run test:all runs it`,
    )
}
