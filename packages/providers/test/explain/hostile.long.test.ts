// Takes 20 s.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { COMPILED } from '../../../../test/services/compiled.ts'

const run = promisify(execFile)
const SCRIPT = fileURLToPath(new URL('hostile-run.ts', import.meta.url))
const CASES = [
  'deep',
  'numbers',
  'large',
  'bomb',
  'headers',
  'quotes',
  'values',
  'fields',
  'envelopes',
  'string',
  'keys',
  'pairs',
  'commas',
  'leaves',
  'members',
]

const SENDERS = ['github', 'discord', 'mailgun', 'square']
// By default, each case has one sender. On a quiet machine, POSTERN_HOSTILE=1 tests all four, and also checks the
// elapsed time.
const EACH = process.env['POSTERN_HOSTILE'] !== undefined

// Without this limit, V8 lets young objects grow to 96 MB before it collects garbage.
const FLAGS = ['--expose-gc', '--max-semi-space-size=8']

describe('bodies that were made to be slow', () => {
  test.for(
    CASES.flatMap((name, at) =>
      SENDERS.filter((_, which) => EACH || (at + which) % 4 === 0).map(
        (sender) => [name, sender] as const,
      ),
    ),
  )(
    '%s at %s is not much more work than the bound of a second allows, and within 200 MB',
    { timeout: 60_000 },
    async ([name, sender]) => {
      const { stdout } = await run(process.execPath, [...FLAGS, SCRIPT, name, sender], {
        // The options that vitest sets for its workers double the memory of a process.
        env: { PATH: process.env['PATH'], ...COMPILED },
      })
      console.log(`${name} ${sender}: ${stdout.trim()}`)
      const { ms, work, mib } = JSON.parse(stdout) as { ms: number; work: number; mib: number }
      // Eight units of work take about two seconds of CPU.
      expect(work).toBeLessThanOrEqual(8)
      if (EACH) expect(ms).toBeLessThanOrEqual(2000)
      expect(mib).toBeLessThanOrEqual(200)
    },
  )
})
