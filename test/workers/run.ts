// `npm test -- workers` tests the inbox of @postern/cloudflare inside workerd. It takes about six minutes.
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installPacked } from '../pack/install-packed.ts'
import { packAll } from '../pack/tarballs.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { bundleWorker, startWorkerd } from '../services/workerd.ts'
import { killRun, type Killed } from './kills.ts'
import { SECRET, send } from './load.ts'
import { root } from '../run/report.ts'
import { countRows, type Rows } from './rows.ts'
import type { Question, Verdict } from './suite.ts'
import { made } from '../run/made.ts'

const here = import.meta.dirname
const KEPT = 100_000
// Maximum number of rows written and read per event.
const WRITTEN = 11
const READ = 40
const rows: (readonly [what: string, result: string])[] = []
const faults: string[] = []

const suite = await bundleWorker(join(here, 'suite.ts'))
for (const still of [false, true]) {
  const verdicts = await judge({ still, planted: false })
  for (const { name, error } of verdicts) if (error !== undefined) faults.push(`${name}: ${error}`)
  tell(
    `testInbox, all skills${still ? ', with clocks that stand still between timers' : ''}`,
    `${passed(verdicts)} of ${verdicts.length}`,
    verdicts.length > 0 && passed(verdicts) === verdicts.length,
  )
}
const planted = await judge({ still: false, planted: true })
tell(
  'the same without rollback (planted): cases that fail',
  String(planted.length - passed(planted)),
  passed(planted) < planted.length,
)

const app = await bundleWorker(join(here, 'app.ts'))
const killed = await killRun(app, 50, false)
tell(`${killed.kills} kills of workerd under load`, inWords(killed), isWhole(killed))
const early = await killRun(app, 5, true)
tell('5 kills, replies that do not wait for the object (planted)', inWords(early), early.lost > 0)

const { load, alone } = await countRows(app, KEPT)
tell(
  `rows of an event at ${KEPT} kept, 16 connections, journal included`,
  `${load.written.toFixed(1)} written, ${load.read.toFixed(1)} read`,
  load.written <= WRITTEN && load.read <= READ,
)
tell(
  'the same, one event at a time and nothing else',
  `${alone.written.toFixed(1)} written, ${alone.read.toFixed(1)} read`,
  alone.written <= WRITTEN && alone.read <= READ,
)
for (const one of [load, alone])
  if (one.written > WRITTEN || one.read > READ) console.table(byStatement(one))
tell('examples/cloudflare-github from the packed packages', `status ${await packed()}`, true)

writeFileSync(join(here, 'RESULTS.md'), page())
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1

function tell(what: string, result: string, good: boolean): void {
  rows.push([what, result])
  console.log(`${good ? 'ok    ' : 'FAILED'}  ${what}: ${result}`)
  if (!good) faults.push(`${what}: ${result}`)
}

async function judge(question: Question): Promise<readonly Verdict[]> {
  const folder = await temporaryFolder('suite')
  const workerd = await startWorkerd({ folder, code: suite })
  try {
    const response = await fetch(workerd.url, { method: 'POST', body: JSON.stringify(question) })
    return (await response.json()) as Verdict[]
  } finally {
    await workerd.kill()
    await removeFolder(folder)
  }
}

function passed(verdicts: readonly Verdict[]): number {
  return verdicts.filter(({ error }) => error === undefined).length
}

function inWords({ acknowledged, lost, again, twice, left }: Killed): string {
  return `${acknowledged} acknowledged, ${lost} lost, ${again} settled and run again, ${twice} effects twice, ${left} not done in the end`
}

function isWhole({ acknowledged, lost, again, twice, left }: Killed): boolean {
  return acknowledged > 0 && lost + again + twice + left === 0
}

/** Returns the statements with the most rows per event. */
function byStatement({ by }: Rows): readonly object[] {
  return Object.entries(by)
    .map(([statement, [runs, read, written]]) => ({ statement, runs, read, written }))
    .filter(({ read, written }) => read + written >= 0.1)
    .toSorted((a, b) => b.read + b.written - a.read - a.written)
}

/** Bundles the example with the packages that npm would install, as a user does. */
async function packed(): Promise<number> {
  const folder = await temporaryFolder('packed')
  try {
    const packages = await packAll(join(folder, 'tarballs'), process.argv.includes('--built'))
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
    const names = ['@postern/core', '@postern/providers', '@postern/sqlite', '@postern/cloudflare']
    await installPacked(folder, names, packages, [])
    copyFileSync(join(root, 'examples/cloudflare-github/index.ts'), join(folder, 'index.ts'))
    const code = await bundleWorker(join(folder, 'index.ts'))
    if (code.includes('node:sqlite')) throw new Error('the bundle has node:sqlite')
    const workerd = await startWorkerd({ folder, code, texts: { GITHUB_WEBHOOK_SECRET: SECRET } })
    try {
      const status = await send(workerd.url, 'e1', {})
      if (status !== 200) throw new Error(`the packed example answered ${status}`)
      return status
    } finally {
      await workerd.kill()
    }
  } finally {
    await removeFolder(folder)
  }
}

function page(): string {
  return `# The inbox in a Durable Object

${made('npm test -- workers')}

| what | result |
| --- | --- |
${rows.map(([what, result]) => `| ${what} | ${result} |`).join('\n')}

Each kill is a SIGKILL of workerd. After it the object's file is opened: an acknowledged event that is not there is lost, and a handler
that begins once its task was done there runs again. Rows are those that Cloudflare bills, with one for each time the alarm is set.

## What it does not show

All of it ran in workerd on one machine; nothing ran on Cloudflare itself.
`
}
