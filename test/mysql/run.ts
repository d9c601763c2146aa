// `npm test -- mysql` compares the cost of mysqlInbox with postgresInbox, checks that 100,000 events cause no deadlock,
// and checks query plans on 200,000 rows. It takes about six minutes and writes RESULTS.md.
import { randomBytes } from 'node:crypto'
import { cpus, loadavg } from 'node:os'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Intake } from '@postern/core/engine'
import { unique } from '../bench/inboxes.ts'
import { compare, intakes, ours, ratioOf, type Contender } from '../bench/parts/settled.ts'
import { runWorkers } from '../bench/parts/workers.ts'
import { median } from '../services/figures.ts'
import { made } from '../run/made.ts'
import { root } from '../run/report.ts'
import { run } from '../run/step.ts'
import { durables, openDurable } from '../services/inboxes.ts'
import { startMariadb } from '../services/mariadb.ts'
import { startPostgres } from '../services/postgres.ts'

const EVENTS = 4000
const ROUNDS = 5
const STORED = 10_000
const NAMES = ['postgres', 'mysql'] as const
const rows: (readonly [what: string, got: number, most: number, least?: number])[] = []
const tables: string[] = []

const [postgres, mariadb] = [await startPostgres(), await startMariadb()]
const places = { postgres, mysql: mariadb }
try {
  for (const size of [1024, 8192]) {
    const all: Contender[] = []
    for (const name of NAMES)
      all.push(ours(await openDurable(name, places[name].url, durables[name].own(unique()))))
    const server = [postgres.pid, mariadb.pid]
    const costs = await compare(all, { size, events: EVENTS, rounds: ROUNDS, server })
    for (const { name, node, server: its } of costs)
      tables.push(
        `| ${name}, ${size / 1024} KB | ${median(node).toFixed(0)} | ${median(its).toFixed(0)} |`,
      )
    rows.push([
      `CPU of Node and server, accept to settled, ${size / 1024} KB`,
      ratioOf(costs[0]!, costs[1]!),
      1.3,
    ])
    for (const one of all) await one.close()
  }
  for (const [what, change] of [
    ['bodies that repeat themselves', undefined],
    ['bodies that do not compress', spoilt],
  ] as const) {
    const [ofPostgres, ofMysql] = [await weight('postgres', change), await weight('mysql', change)]
    rows.push([`disk at 8 KB, ${what}`, ofMysql / ofPostgres, 3])
  }
  const gains: number[] = []
  for (let round = 0; round < 3; round++) {
    const one = await runWorkers('mysql', mariadb.url, 1)
    const two = await runWorkers('mysql', mariadb.url, 2)
    if (one.twice + two.twice > 0) process.exitCode = 1
    gains.push(two.rate / one.rate)
  }
  rows.push(['two workers ÷ one, tasks of 10 ms', median(gains), Infinity, 1.5])
} finally {
  await postgres.stop()
  await mariadb.stop()
}

const judges = ['deadlocks', 'plans'].map((name) => `packages/mysql/test/${name}.long.test.ts`)
const judged = await run('npx', ['vitest', 'run', ...judges], {
  cwd: root,
  env: { ...process.env, POSTERN_FLOOD: '100000', POSTERN_ROWS: '200000' },
})
for (const [, got, most, least = 0] of rows) if (got > most || got < least) process.exitCode = 1
if (judged.code !== 0) process.exitCode = 1
writeFileSync(join(import.meta.dirname, 'RESULTS.md'), page())

/** Returns the size in bytes of this number of settled events. */
async function weight(
  name: (typeof NAMES)[number],
  change: ((one: Intake) => Intake) | undefined,
): Promise<number> {
  const { url } = places[name]
  const weigh = await durables[name].weigh(url)
  const one = ours(await openDurable(name, url, name === 'postgres' ? { schema: unique() } : {}))
  await one.round(intakes(1024, 10))
  const before = await weigh()
  const all = intakes(8192, STORED)
  await one.round(change ? all.map(change) : all)
  const after = await weigh()
  await one.close()
  return after - before
}

function spoilt(one: Intake): Intake {
  return { ...one, delivery: { ...one.delivery, body: randomBytes(8192) } }
}

function page(): string {
  const [core] = cpus()
  return `# What mysqlInbox costs beside postgresInbox

<!-- Written by \`npm test -- mysql\`; changes are overwritten. -->

${made('npm test -- mysql')} ${core?.model ?? 'unknown CPU'}, ${cpus().length} cores, load at the end ${loadavg()[0]!.toFixed(1)}. Medians of ${ROUNDS} rounds by turns, ${EVENTS}
events each; disk after ${STORED} events. MariaDB 11.8.

| mysqlInbox ÷ postgresInbox | got | bound |
| --- | --: | --: |
${rows.map(([what, got, most, least]) => `| ${what} | ${got.toFixed(2)} | ${least === undefined ? `≤ ${most}` : `≥ ${least}`} |`).join('\n')}

| µs per event | Node | server |
| --- | --: | --: |
${tables.join('\n')}

100,000 events by two processes, a fifth of them in transactions of the app, and the plans on 200,000 rows: ${judged.code === 0 ? 'no deadlock in the error log of the server, nothing lost, nothing twice, and each statement that locks looks by an index' : 'FAILED'}.

## What it does not show

MySQL: no server of it runs here. Other machines, a real network and a server that others use too. Differences under about 15 % mean nothing
on a machine that does other work as well.
`
}
