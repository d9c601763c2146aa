// `npm test -- faults` checks that acknowledged events are handled, whatever fails. On each durable inbox, it kills
// processes at random, disturbs clocks, connections, processes, deploys and stores, runs tasks that kill their process,
// kills and deploys under load, floods one tenant, shuts down each framework, and shares events between two workers. It
// also forwards events to ten destinations. Writes RESULTS.md.
// `npm test -- faults sqlite bullmq forward` runs only these inboxes or parts. With `--write`, such a run is added to
// RESULTS.md. After FAULT_MINUTES (18), no further part starts. CRASH_ROUNDS, POISON_DEATHS, OUTSIDE_KILLS, DEPLOYS,
// FLOOD_EVENTS, SHUTDOWNS, DRAIN_EVENTS, BLOAT_EVENTS and FORWARD_EVENTS set the sizes. FAULT_SEED repeats the random
// choices of the classes. FAULT_BUSY is the number of busy loops that run in parallel.
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { classes } from './classes/classes.ts'
import type { FaultInbox } from './classes/class.ts'
import { playClass } from './classes/scene.ts'
import { crashRun } from './crash.ts'
import { drainRun } from './drain.ts'
import { faultsOf, type Parts } from './faults.ts'
import { floodRun } from './flood.ts'
import { forwardRun } from './forward.ts'
import { serverNames } from '../services/hosts.ts'
import { durableNames } from '../services/inboxes.ts'
import { outageRun } from './outages.ts'
import { poisonRun } from './poison.ts'
import { tablesOf, writeResults } from './results.ts'
import { shutdownRun } from './shutdown.ts'

// Kills the child processes when this process ends.
process.setMaxListeners(100)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const started = performance.now()
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
})
const INBOXES = durableNames
const PARTS = [
  'classes',
  'poison',
  'outages',
  'shutdowns',
  'crashes',
  'floods',
  'drains',
  'forward',
] as const
const unknown = positionals.filter((word) => ![...INBOXES, ...PARTS].includes(word as never))
if (unknown.length > 0)
  throw new TypeError(
    `no inbox or part is called ${unknown.join(', ')}; there are ${[...INBOXES, ...PARTS].join(', ')}`,
  )
/** Returns the requested names of the list; all if none was requested. */
function wantedOf<Name extends string>(all: readonly Name[]): readonly Name[] {
  const some = all.filter((name) => positionals.includes(name))
  return some.length > 0 ? some : all
}
const names = wantedOf(INBOXES)
const asked = wantedOf(PARTS)
const size = (variable: string, usual: number): number => Number(process.env[variable] ?? usual)
const minutes = size('FAULT_MINUTES', 18)
const seed = size('FAULT_SEED', Math.floor(Math.random() * 1_000_000))
const busy = size('FAULT_BUSY', 0)
for (let loops = 0; loops < busy; loops++) {
  const loop = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' })
  process.once('exit', () => loop.kill('SIGKILL'))
}
const left = (): number => minutes - (performance.now() - started) / 60_000
const parts: Parts = {
  crashes: {},
  poisons: {},
  outages: {},
  floods: {},
  shutdowns: {},
  drains: {},
  forwarded: {},
  classes: {},
  skipped: [],
  failed: [],
}

// Poison tasks and outages mostly wait, so they run in parallel with the other parts.
await Promise.all([
  ...names.map(async (name) => {
    await part('poison', `${name}: tasks that kill their process`, async () => {
      parts.poisons[name] = await poisonRun(name, size('POISON_DEATHS', 34), left() / 2)
    })
    await part('outages', `${name}: kills and deploys under load`, async () => {
      const kills = size('OUTSIDE_KILLS', 10)
      parts.outages[name] = await outageRun(name, kills, size('DEPLOYS', 20), left() - 3)
    })
  }),
  // The memory inbox has no other parts than the classes.
  ...[...names, ...(names === INBOXES ? ['memory' as const] : [])].map(playClasses),
  others(),
])

async function playClasses(inbox: FaultInbox): Promise<void> {
  for (const [at, one] of classes.entries())
    if (one.inboxes.includes(inbox))
      await part('classes', `${inbox}: ${one.name}`, async () => {
        parts.classes[`${one.name}: ${inbox}`] = await playClass(one, inbox, seed + at)
      })
}

async function others(): Promise<void> {
  for (const name of names)
    for (const framework of serverNames)
      await part('shutdowns', `${name}: ending ${framework}`, async () => {
        parts.shutdowns[`${framework} ${name}`] = await shutdownRun(
          framework,
          name,
          size('SHUTDOWNS', 2),
        )
      })
  for (const [at, name] of names.entries())
    await part('crashes', `${name}: killing processes at random`, async () => {
      parts.crashes[name] = await crashRun(
        name,
        size('CRASH_ROUNDS', name === 'sqlite' ? 200 : 50),
        { minutes: left() / 3 / (names.length - at) },
      )
    })
  for (const name of names)
    await part('floods', `${name}: floods of one tenant`, async () => {
      parts.floods[name] = await floodRun(name, size('FLOOD_EVENTS', 2000))
    })
  await part('forward', 'forwarding to ten destinations', async () => {
    parts.forwarded['forward'] = await forwardRun(size('FORWARD_EVENTS', 1000), 3)
  })
  for (const name of names)
    await part('drains', `${name}: events through two workers`, async () => {
      parts.drains[name] = await drainRun(name, size('DRAIN_EVENTS', 10_000))
    })
  if (names.includes('postgres'))
    await part('drains', 'postgres: events beside a long transaction', async () => {
      const events = size('BLOAT_EVENTS', 200_000)
      parts.drains['postgres beside a long transaction'] = await drainRun(
        'postgres',
        events,
        longTransaction,
      )
    })
}

const took = (performance.now() - started) / 60_000
const wrong = faultsOf(parts)
for (const line of tablesOf(parts)) console.log(line)
for (const line of wrong) console.error(`✗ ${line}`)
console.log(
  `${took.toFixed(1)} minutes, ${wrong.length === 0 ? 'no fault' : `${wrong.length} faults`}`,
)
if (positionals.length === 0 || values.write)
  writeResults({ parts, wrong, minutes: took, busy, alone: positionals })
process.exit(wrong.length > 0 ? 1 : 0)

/**
 * Holds a transaction open, as a report or an idle session does. Meanwhile PostgreSQL cannot vacuum rows that are
 * deleted after its start.
 */
async function longTransaction(store: string): Promise<() => Promise<void>> {
  const client = new pg.Client(store)
  await client.connect()
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM postern_tasks')
  return () => client.end()
}

async function part(
  kind: (typeof PARTS)[number],
  name: string,
  run: () => Promise<void>,
): Promise<void> {
  if (!asked.includes(kind)) return
  const from = performance.now()
  if (left() < 0) {
    parts.skipped.push(name)
    return
  }
  try {
    await run()
  } catch (error) {
    console.error(error)
    parts.failed.push(`${name} stopped: ${String(error)}`)
  }
  console.log(`${name}: ${Math.round((performance.now() - from) / 1000)} s`)
}
