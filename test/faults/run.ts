// `npm run test:faults`: processes killed at random moments on each durable inbox, tasks that kill their process beside
// healthy ones, deploys, shutdowns of five frameworks, 100,000 events through two workers, and 10,000 events to ten
// destinations. It writes RESULTS.md. `npm run test:faults -- sqlite bullmq forward` runs these alone and writes nothing;
// CRASH_ROUNDS, POISON_DEATHS, DEPLOYS, SHUTDOWNS, DRAIN_EVENTS and FORWARD_EVENTS change the sizes.
import { parseArgs } from 'node:util'
import { bullmqCrashRun } from './bullmq.ts'
import type { CrashReport } from './crash.ts'
import { drainRun, type DrainReport } from './drain.ts'
import { forwardRun } from './forward.ts'
import type { DurableName } from './inboxes.ts'
import { pgBossCrashRun } from './pg-boss.ts'
import { poisonRun, type PoisonReport } from './poison.ts'
import { writeResults } from './results.ts'
import { FRAMEWORKS, shutdownRun, type ShutdownReport } from './shutdown.ts'
import { sqliteCrashRun } from './sqlite.ts'

type Crash = CrashReport & {
  readonly doubleEffects?: number
  readonly missingEffects?: number
  readonly integrity?: string
}

const runs: Readonly<
  Record<
    DurableName,
    { readonly rounds: number; readonly crash: (rounds: number) => Promise<Crash> }
  >
> = {
  sqlite: { rounds: 200, crash: sqliteCrashRun },
  bullmq: { rounds: 50, crash: bullmqCrashRun },
  'pg-boss': { rounds: 50, crash: pgBossCrashRun },
}

const { positionals } = parseArgs({ allowPositionals: true })
const names = (Object.keys(runs) as DurableName[]).filter(
  (name) => positionals.length === 0 || positionals.includes(name),
)
const crashes: Record<string, Crash> = {}
const poisons: Record<string, PoisonReport> = {}
const shutdowns: Record<string, ShutdownReport> = {}
const drains: Record<string, DrainReport> = {}
const size = (variable: string, usual: number): number => Number(process.env[variable] ?? usual)
for (const name of names) {
  const { rounds, crash } = runs[name]
  console.log(`${name}: killing processes …`)
  crashes[name] = await crash(size('CRASH_ROUNDS', rounds))
  console.log(`${name}: tasks that kill their process, and deploys …`)
  poisons[name] = await poisonRun(name, size('POISON_DEATHS', 16), size('DEPLOYS', 20))
  for (const framework of FRAMEWORKS) {
    console.log(`${name}: ending ${framework} …`)
    shutdowns[`${framework} ${name}`] = await shutdownRun(framework, name, size('SHUTDOWNS', 2))
  }
  console.log(`${name}: pushing events through two workers …`)
  drains[name] = await drainRun(name, size('DRAIN_EVENTS', 100_000))
}
console.log(
  '\nKills with SIGKILL; "repeated" were cut off between effect and settling, which nobody can avoid:',
)
console.table(crashes)
console.log(
  'Eight healthy tasks of 2 s beside each that kills its process, then deploys under load:',
)
console.table(poisons)
console.log('SIGTERM while 16 connections are busy:')
console.table(shutdowns)
console.log('Events through two worker processes:')
console.table(drains)

const forwarded =
  positionals.length === 0 || positionals.includes('forward')
    ? await forwardRun(size('FORWARD_EVENTS', 10_000), 3)
    : undefined
if (forwarded) {
  console.log('Events to ten destinations that fail at random, over SIGKILLs:')
  console.table({ forward: forwarded })
}

const wrong = [
  ...Object.entries(crashes).flatMap(([name, report]) => faults(name, report)),
  ...Object.entries(poisons).flatMap(([name, report]) => poisonFaults(name, report)),
  ...Object.entries(shutdowns).flatMap(([name, { lostRequests, lostEvents, wrongExits }]) =>
    lostRequests + lostEvents + wrongExits === 0
      ? []
      : [
          `${name}: ${lostRequests} requests and ${lostEvents} events lost, ${wrongExits} wrong exits`,
        ],
  ),
  ...Object.entries(drains).flatMap(([name, { events, handled, again }]) =>
    handled === events && again === 0
      ? []
      : [`${name}: ${handled} of ${events} handled, ${again} runs too many`],
  ),
  ...(forwarded && forwarded.lost + forwarded.wrongIds + forwarded.unsigned > 0
    ? [
        `forward: ${forwarded.lost} lost, ${forwarded.wrongIds} ids wrong, ${forwarded.unsigned} unsigned`,
      ]
    : []),
]
for (const line of wrong) console.error(line)
if (positionals.length === 0)
  writeResults({ crashes, poisons, shutdowns, drains, forwarded }, wrong)
if (wrong.length > 0) process.exitCode = 1

function poisonFaults(name: string, report: PoisonReport): string[] {
  const { healthy, healthyDone, healthyDead, poison, poisonFound, attemptsUsed } = report
  const found: string[] = []
  if (healthyDone !== healthy || healthyDead > 0)
    found.push(`${name}: ${healthyDone} of ${healthy} healthy tasks are done, ${healthyDead} dead`)
  if (poisonFound !== poison)
    found.push(`${name}: ${poisonFound} of ${poison} tasks that kill are dead as poison`)
  if (attemptsUsed > 0)
    found.push(`${name}: ${attemptsUsed} attempts were used by kills or deploys`)
  return found
}

function faults(name: string, report: Crash): string[] {
  const found: string[] = []
  if (report.lost > 0) found.push(`${name}: ${report.lost} acknowledged tasks were lost`)
  if (report.ranAfterSettled > 0)
    found.push(`${name}: ${report.ranAfterSettled} settled tasks ran again`)
  if (report.doubleByKey !== 0)
    found.push(`${name}: ${report.doubleByKey} events had more than one idempotency key`)
  if ((report.doubleEffects ?? 0) > 0)
    found.push(`${name}: ${report.doubleEffects} effects of task.commit are there twice`)
  if ((report.missingEffects ?? 0) > 0)
    found.push(`${name}: ${report.missingEffects} effects of task.commit are missing`)
  if ((report.integrity ?? 'ok') !== 'ok') found.push(`${name}: ${report.integrity}`)
  if (report.busyKills < 0.8 * report.kills)
    found.push(`${name}: only ${report.busyKills} of ${report.kills} kills fell while work ran`)
  return found
}
