// Takes 20 s. Runs the tutorials as their pages show them: starts the apps, and runs the pages' commands.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { follow, type Output } from '../examples/example.ts'
import { root } from '../run/report.ts'
import { needs } from '../services/needs.ts'
import { startPostgres } from '../services/postgres.ts'
import { postgresServer } from '../services/programs.ts'

const read = (name: string): string =>
  readFileSync(join(root, 'packages/docs/pages/tutorials', `${name}.md`), 'utf8')
const blocks = (page: string): readonly string[] =>
  Array.from(page.matchAll(/```ts\n([^]*?)```/g), ([, block]) => block!)
const first = read('first-webhook')
const [app] = blocks(first)

test('the first tutorial ends with an app that handles, deduplicates and rejects', async () => {
  const folder = folderWith(app!)
  const { output, port } = await start(folder, {})
  try {
    expect(sendsOf(first).map((line) => send(folder, port, line))).toEqual([
      [200],
      [200, 200],
      [401],
    ])
    await expect.poll(() => opened(output)).toHaveLength(2)
  } finally {
    await output.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

needs(postgresServer).test(
  'the last one moves to two processes, one of which is killed',
  async () => {
    const page = read('two-machines')
    const [inbox, handler] = blocks(page)
    const [imported, made] = inbox!.split('\n\n')
    const [awaited, handled] = handler!.split('\n\n')
    const moved = app!
      .replace(/^import \{ sqliteInbox.*$/m, `${imported!}\n${awaited!}`)
      .replace(/^const inbox = .*$/m, made!.trim())
      .replace(/^receiver\.on\([^]*?^\}\)$/m, handled!.trim())
    const postgres = await startPostgres()
    const folder = folderWith(moved)
    const env = { DATABASE_URL: postgres.url }
    const one = await start(folder, env)
    const two = await start(folder, env)
    try {
      const [line] = sendsOf(page)
      expect(send(folder, one.port, line!)).toEqual([200])
      await one.output.stop()
      await expect.poll(() => opened(two.output)).toHaveLength(1)
      expect(opened(two.output)[0]).toMatch(/attempt 1$/)
    } finally {
      await Promise.all([one.output.stop(), two.output.stop()])
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

function folderWith(code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-tutorial-'))
  symlinkSync(join(root, 'test/node_modules'), join(folder, 'node_modules'), 'junction')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  // Uses a free port, which the app prints.
  const freed = code
    .replace('app.listen(3000)', 'app.listen(0, () => console.log("port", server.address().port))')
    .replace("'http://localhost:3000/postern'", 'true')
  writeFileSync(join(folder, 'app.ts'), freed)
  return folder
}

async function start(
  cwd: string,
  more: Readonly<Record<string, string>>,
): Promise<{ readonly output: Output; readonly port: string }> {
  const env = { ...process.env, GITHUB_WEBHOOK_SECRET: 'a-secret-of-mine', ...more }
  const output = follow(spawn(process.execPath, ['app.ts'], { cwd, env }))
  const [, port] = /port (\d+)/.exec(await output.line(/^port \d+/))!
  return { output, port: port! }
}

/** Returns the page's commands that send deliveries. */
function sendsOf(page: string): readonly string[] {
  return Array.from(page.matchAll(/^npx postern (send .+)$/gm), ([, line]) => line!)
}

/** Runs a command with another port. Returns the statuses of the replies. */
function send(cwd: string, port: string, line: string): readonly number[] {
  const args = line.replace(/:300\d\//, `:${port}/`).split(' ')
  const { stdout } = spawnSync(
    process.execPath,
    [join(root, 'packages/cli/src/main.ts'), ...args, '--json'],
    {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, GITHUB_WEBHOOK_SECRET: 'a-secret-of-mine' },
    },
  )
  return (JSON.parse(stdout) as readonly { readonly status: number }[]).map(({ status }) => status)
}

function opened({ lines }: Output): readonly string[] {
  return lines.filter((line) => line.startsWith('opened '))
}
