// `npm test -- official` installs the newest version of every official library into a temporary folder, and compares
// its verdicts with Postern's. A difference without a reason in reasons.json is a failure, and so is a reason without a
// difference. `stripe svix` runs only these providers and writes nothing. `--folder DIR` uses the libraries in that
// folder.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { catalogue } from '@postern/providers/catalogue'
import { judge, type Judged } from './cases.ts'
import { page, type Row } from './page.ts'
import type { Module, Sdk } from './sdk.ts'
import { SDKS } from './sdks.ts'
import { commit } from '../../run/made.ts'

type Reasons = Readonly<Record<string, Readonly<Record<string, string>>>>

const { values, positionals } = parseArgs({
  options: { folder: { type: 'string' } },
  allowPositionals: true,
})
const here = import.meta.dirname
const reasons = JSON.parse(readFileSync(join(here, 'reasons.json'), 'utf8')) as Reasons
const asked = SDKS.filter(({ sender }) => positionals.length === 0 || positionals.includes(sender))
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'postern-official-'))
const wrong: string[] = []
const rows: Row[] = []
try {
  if (values.folder === undefined) install(folder, asked)
  writeFileSync(join(folder, 'load.mjs'), 'export const load = (name) => import(name)\n')
  const { load } = (await import(pathToFileURL(join(folder, 'load.mjs')).href)) as {
    readonly load: (name: string) => Promise<Module>
  }
  for (const sdk of asked)
    try {
      rows.push(await compared(sdk, load))
    } catch (error) {
      wrong.push(`${sdk.sender}, ${sdk.package}: cannot be asked: ${String(error)}`)
    }
} finally {
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
}
if (positionals.length === 0) {
  const run = {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    node: process.version,
    rows,
  }
  writeFileSync(join(here, 'results.json'), `${JSON.stringify(run, null, 2)}\n`)
  writeFileSync(join(here, 'RESULTS.md'), page(run))
}
for (const line of wrong) console.error(line)
const cases = rows.reduce((sum, row) => sum + row.cases, 0)
console.log(`${rows.length} libraries, ${cases} cases, ${wrong.length} without a reason`)
process.exitCode = wrong.length > 0 ? 1 : 0

function install(into: string, sdks: readonly Sdk[]): void {
  writeFileSync(join(into, 'package.json'), '{ "private": true, "type": "module" }\n')
  const names = [...new Set(sdks.flatMap((sdk) => [sdk.package, ...(sdk.beside ?? [])]))]
  const flags = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--legacy-peer-deps',
    '--loglevel=error',
  ]
  const { status } = spawnSync(
    'npm',
    ['install', ...flags, ...names.map((one) => `${one}@latest`)],
    {
      cwd: into,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    },
  )
  if (status !== 0) throw new Error('npm install failed: it needs the npm registry')
}

async function compared(sdk: Sdk, load: (name: string) => Promise<Module>): Promise<Row> {
  const { sender, package: name } = sdk
  const manifest = JSON.parse(
    readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'),
  ) as { version: string; engines?: { node?: string } }
  const loaded: Module = await load(sdk.from ?? name)
  // The exports of a CommonJS module are in its default export, and only sometimes also next to it.
  const module: Module = { ...loaded.default, ...loaded }
  const about = catalogue.get(sender)
  if (!about) throw new Error(`${sender} is not in the catalog`)
  const judged = await judge(about, sdk, sdk.official(module))
  const differences = judged.filter(({ ours, theirs }) => ours !== theirs)
  const told = reasons[sender] ?? {}
  for (const one of differences)
    if (told[one.name] === undefined)
      wrong.push(`${sender}, ${name} ${manifest.version}: ${words(one)}`)
  for (const case_ of Object.keys(told))
    if (!differences.some((one) => one.name === case_))
      wrong.push(
        `${sender}, ${name} ${manifest.version}: "${case_}" differs no longer: take it out of reasons.json`,
      )
  return {
    sender,
    package: name,
    version: manifest.version,
    node: manifest.engines?.node ?? 'not said',
    cases: judged.length,
    differences: differences.map((one) => ({
      case: one.name,
      ours: one.ours,
      reason: told[one.name] ?? 'none',
    })),
  }
}

function words({ name, ours }: Judged): string {
  return `"${name}" is ${ours ? 'taken by us and rejected by it' : 'rejected by us and taken by it'}, without a reason in reasons.json`
}
