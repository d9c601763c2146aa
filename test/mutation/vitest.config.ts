import { fileURLToPath } from 'node:url'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { defineConfig } from 'vitest/config'
import { warmPool } from './warm-pool.ts'

const root = process.env['MUTATION_ROOT'] ?? process.cwd()

/** Short files first: the first test that fails ends the run of a mutant. */
class ShortFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const time = (file: TestSpecification): number =>
      this.ctx.cache.getTestSpecificationResult(file)?.duration ?? 0
    return Promise.resolve(files.toSorted((a, b) => time(a) - time(b)))
  }
}

// The tests of one part, named by the program that starts Stryker.
export default defineConfig({
  plugins: [
    {
      name: 'warm-pool',
      // Stryker names a pool of Vitest's own, and has no option for another.
      configureVitest({ project }) {
        project.config.pool = warmPool.name
        project.config.poolRunner = warmPool
      },
    },
  ],
  test: {
    root,
    include: (process.env['MUTATION_TESTS'] ?? '').split(';'),
    setupFiles: [fileURLToPath(new URL('setup.ts', import.meta.url))],
    isolate: false,
    sequence: { sequencer: ShortFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['dot'],
    // Stryker makes a text of it by String(), which an object without prototype has none of.
    onUnhandledError: (error) => void Object.setPrototypeOf(error, Error.prototype),
  },
})
