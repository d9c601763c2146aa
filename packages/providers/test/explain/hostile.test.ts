import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

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
]

describe('bodies that were made to be slow', () => {
  test.for(
    CASES.flatMap((name) =>
      ['github', 'discord', 'mailgun', 'square'].map((sender) => [name, sender] as const),
    ),
  )('%s at %s ends within twice the bound, and within 200 MB', async ([name, sender]) => {
    const { stdout } = await run(process.execPath, ['--expose-gc', SCRIPT, name, sender])
    const { ms, mib } = JSON.parse(stdout) as { ms: number; mib: number }
    console.log(`${name} ${sender}: ${stdout.trim()}`)
    expect(ms).toBeLessThanOrEqual(2000)
    expect(mib).toBeLessThanOrEqual(200)
  })
})
