import { fileURLToPath } from 'node:url'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { defineConfig } from 'vitest/config'
import { warmPool } from './warm-pool.ts'

const root = process.env['MUTATION_ROOT'] ?? process.cwd()

/** Runs short test files first, because the first failing test ends the run of a mutant. */
class ShortFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const time = (file: TestSpecification): number =>
      this.ctx.cache.getTestSpecificationResult(file)?.duration ?? 0
    return Promise.resolve(files.toSorted((a, b) => time(a) - time(b)))
  }
}

// Runs the tests of one part, which MUTATION_TESTS names.
export default defineConfig({
  plugins: [
    {
      name: 'warm-pool',
      // Stryker sets one of Vitest's own pools and has no option for another.
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
    // Stryker calls String() on the error, which fails for an object without a prototype.
    onUnhandledError: (error) => void Object.setPrototypeOf(error, Error.prototype),
  },
})
