import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      '**/.next/**',
      'test/runtimes/**',
      'test/bench/**',
    ],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
