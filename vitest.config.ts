import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { writeLists } from './packages/providers/test/lists.ts'
import { LongestFirst } from './test/run/longest-first.ts'
import { COMPILED } from './test/services/compiled.ts'

// The catalogue and the index of the providers are not kept in git.
writeLists()

// The workers pass it on to the programs they start.
Object.assign(process.env, COMPILED)

// Their files share the modules and globals of a worker (so Hono, whose server replaces Response, is not among them), which takes a fifth of the time: a test that needs a module unloaded resets it.
const IN_PROCESS =
  'core|providers|samples|testing|node|express|koa|fastify|aws-lambda|redis|forward|registrar'

// Of these packages, what starts processes of its own.
const STARTS = 'packages/registrar/test/catch-up/{clock,kill,outage}.test.ts'

// `npm run test:all` runs them: browsers, builds of Next.js, every host, and what takes more than some 20 s alone.
const LONG = '**/*.long.test.ts'

// `npm test -- apart` runs them: what is tried in another form by the others, and takes minutes.
const APART = '**/*.apart.test.ts'

const NO_TESTS = ['**/node_modules/**', '**/dist/**', '**/.next/**', 'test/bench/**']

// Tests that start processes and engines wait for these: three files at once keep two cores busy, and four make waits too long.
// Long ones wait more, for browsers and builds: four.
const PROCESSES = {
  globalSetup: 'test/services/compile.ts',
  maxWorkers: 3,
}

// test/messages/replaced.apart.test.ts asks for it: then each rejection is told by a random word.
const REPLACED = process.env['POSTERN_REPLACED_MESSAGES']
  ? [fileURLToPath(new URL('test/messages/replaced.ts', import.meta.url))]
  : []

export default defineConfig({
  test: {
    globalSetup: 'test/services/folder.ts',
    setupFiles: REPLACED,
    // A wait ends with what it waits for: what takes a second alone may take a minute beside other work, and only what never comes
    // is a fault. A test with several such waits fails by the one that ended in vain, so it has the longer time.
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // A tenth of the CPU: tests make many objects that die young, and 16 MB of them are collected too often.
    execArgv: ['--max-semi-space-size=64'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'in process',
          include: [`packages/@(${IN_PROCESS})/test/**/*.test.ts`],
          exclude: [...NO_TESTS, LONG, APART, STARTS],
          isolate: false,
          setupFiles: ['test/run/same-timers.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...PROCESSES,
          name: 'processes',
          include: [
            `packages/!(${IN_PROCESS})/test/**/*.test.ts`,
            STARTS,
            'test/**/*.test.ts',
            'examples/**/*.test.ts',
          ],
          exclude: [...NO_TESTS, LONG, APART],
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          ...PROCESSES,
          name: 'long',
          maxWorkers: 4,
          include: [LONG],
          exclude: NO_TESTS,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          ...PROCESSES,
          name: 'apart',
          include: [APART],
          exclude: NO_TESTS,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
