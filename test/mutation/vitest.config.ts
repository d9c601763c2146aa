import { defineConfig } from 'vitest/config'

// The tests of one part, named by the program that starts Stryker.
export default defineConfig({
  test: {
    root: process.env['MUTATION_ROOT'] ?? process.cwd(),
    include: (process.env['MUTATION_TESTS'] ?? '').split(';'),
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['dot'],
  },
})
