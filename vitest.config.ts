import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/run/longest-first.ts'
import { COMPILED } from './test/services/compiled.ts'

// The workers pass it on to the programs they start.
Object.assign(process.env, COMPILED)

// Their files share the modules and globals of a worker (so Hono, whose server replaces Response, is not among them), which takes a fifth of the time: a test that needs a module unloaded resets it.
const IN_PROCESS =
  '{core,providers,testing,node,express,koa,fastify,sqlite,redis,forward,registrar}'

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // A tenth of the CPU: tests make many objects that die young, and 16 MB of them are collected too often.
    execArgv: ['--max-semi-space-size=64'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'in process',
          include: [`packages/${IN_PROCESS}/test/**/*.test.ts`],
          isolate: false,
          setupFiles: ['test/run/same-timers.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // They start processes and engines, and wait for these: three files at once keep two cores busy, and four make waits too long.
        extends: true,
        test: {
          name: 'processes',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: [
            `packages/${IN_PROCESS}/**`,
            '**/node_modules/**',
            '**/dist/**',
            '**/.next/**',
            'test/runtimes/**',
            'test/bench/**',
          ],
          globalSetup: 'test/services/compile.ts',
          // 500 deliveries into a Redis that syncs each take 3 s alone, and 14 s beside what else is checked.
          testTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
