// Takes 80 s.
import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const VITEST = fileURLToPath(
  new URL('node_modules/vitest/vitest.mjs', new URL('../../', import.meta.url)),
)

// Tests of all code that creates, passes on, reads or shows a rejection.
const READERS = (
  'core/test/body core/test/observe core/test/provider core/test/receive core/test/routes core/test/subscribe ' +
  'providers/test/explain node/test registrar/test/catch-up testing/test cli/test/explain cli/test/inbox.test ' +
  'cli/test/send cli/test/mcp inspector/test/list inspector/test/detail inspector/test/health'
)
  .split(' ')
  .map((name) => `packages/${name}`)

// Packages that must not read rejection messages. The test searches their sources, because running their tests with
// other messages would show nothing more.
const SILENT = 'providers express koa fastify hono nestjs aws-lambda core/src/inbox/memory'

test('each message of a rejection can be another word: whoever needs to know reads the facts', async () => {
  const seed = String(randomInt(1, 2 ** 31))
  const args = [
    VITEST,
    'run',
    '--project=in process',
    '--project=processes',
    ...READERS,
    'test/logs',
  ]
  const { code, text } = await run(args, { ...process.env, POSTERN_REPLACED_MESSAGES: seed })
  // Passing tests may print errors too, so the exit code decides.
  const failed = text.split('\n').filter((line) => / FAIL |Error: /.test(line))
  expect(code, [`POSTERN_REPLACED_MESSAGES=${seed}`, ...failed.slice(0, 40)].join('\n')).toBe(0)
}, 600_000)

test('no sender, adapter or inbox in memory reads the message of a rejection', () => {
  const sources = SILENT.split(' ').flatMap((name) =>
    globSync(`packages/${name}/${name.includes('/') ? '' : 'src/'}**/*.ts`, { cwd: ROOT }),
  )
  expect(sources.length).toBeGreaterThan(190)
  const reading = sources.filter((file) =>
    /errorText|String\((?:error|reason|cause)\)|\b(?:error|reason|cause|rejection)\??\.message/.test(
      readFileSync(new URL(file, new URL('../../', import.meta.url)), 'utf8'),
    ),
  )
  expect(reading).toEqual([])
})

async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 }
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ code: error ? 1 : 0, text: stdout + stderr }),
    )
  })
}
