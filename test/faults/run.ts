// `npm run test:faults`: processes killed at random moments on each durable inbox, and 100,000 events through two workers.
// Then 10,000 events to ten destinations. `npm run test:faults -- sqlite bullmq forward` runs these alone; CRASH_ROUNDS,
// DRAIN_EVENTS and FORWARD_EVENTS change the sizes.
import { parseArgs } from 'node:util'
import { bullmqCrashRun } from './bullmq.ts'
import type { CrashReport } from './crash.ts'
import { drainRun, type DrainReport } from './drain.ts'
import { forwardRun } from './forward.ts'
import type { DurableName } from './inboxes.ts'
import { pgBossCrashRun } from './pg-boss.ts'
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
const drains: Record<string, DrainReport> = {}
for (const name of names) {
  const { rounds, crash } = runs[name]
  console.log(`${name}: killing processes …`)
  crashes[name] = await crash(Number(process.env['CRASH_ROUNDS'] ?? rounds))
  console.log(`${name}: pushing events through two workers …`)
  drains[name] = await drainRun(name, Number(process.env['DRAIN_EVENTS'] ?? 100_000))
}
console.log(
  '\nKills with SIGKILL; "repeated" were cut off between effect and settling, which nobody can avoid:',
)
console.table(crashes)
console.log('Events through two worker processes:')
console.table(drains)

const forwarded =
  positionals.length === 0 || positionals.includes('forward')
    ? await forwardRun(Number(process.env['FORWARD_EVENTS'] ?? 10_000), 3)
    : undefined
if (forwarded) {
  console.log('Events to ten destinations that fail at random, over SIGKILLs:')
  console.table({ forward: forwarded })
}

const wrong = [
  ...Object.entries(crashes).flatMap(([name, report]) => faults(name, report)),
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
if (wrong.length > 0) process.exitCode = 1

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
    found.push(
      `${name}: only ${report.busyKills} of ${report.kills} kills fell while work was under way`,
    )
  return found
}
