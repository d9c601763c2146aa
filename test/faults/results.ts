import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Parts } from './faults.ts'
import { commit, made } from '../run/made.ts'

const TITLES: Readonly<Record<Exclude<keyof Parts, 'skipped' | 'failed'>, string>> = {
  classes: 'Classes of faults',
  crashes: 'Processes killed at random moments',
  poisons: 'A task that kills its process with each wave of eight healthy ones of two seconds',
  outages: 'Kills seven seconds apart on average, then deploys, under load of tasks of two seconds',
  floods: 'Twenty quiet tenants behind the flood of another',
  shutdowns: 'SIGTERM while 16 keep-alive connections are busy',
  drains: 'Events through two worker processes',
  forwarded: 'Events to ten destinations that fail at random, over kills',
}
const FILE = fileURLToPath(new URL('RESULTS.md', import.meta.url))
const KEPT = 5
const WHOLE = 'Whole run of'
const CORPUS = { commit: '981c2c9', day: '2026-11-28' }
const head = (): string => `# Fault runs

${made('npm test -- faults')} It holds the last ${KEPT} whole runs and the last ${KEPT} of some parts, the newest first. "Repeated" runs were
cut off between effect and settling, which nobody can avoid. Times are milliseconds, if no unit is named. In "Classes of faults", "told" says
whether logs or \`health\` had the words that name the fault and its remedy; – where there is nothing to tell. \`node test/faults/classes/one.ts '<class>' <inbox> <seed>\`
plays one again.

What it does not show: a failover to a replica that lags, which no inbox promises ("Which inbox?"); faults of a real network, since all processes are on one machine.

What the rules against these faults cost the process of the app, accepting and settling 1 KB, against the commit before them (e449458c): median of 15 to 31 interleaved
rounds and quartiles, by \`node test/bench/before.ts <worktree of that commit> --inbox <name> --at-once 16 --at-once 1\`, 2026-11-30. With 16 deliveries in flight:
\`sqliteInbox\` .91 [.76–.99], \`postgresInbox\` 1.05 [.84–1.16], \`bullmqInbox\` .69 [.61–.74]. With one: \`sqliteInbox\` 1.02 [.95–1.11], \`postgresInbox\` .98 [.86–1.05],
\`bullmqInbox\` .55 [.52–.70]. \`memoryInbox\` costs 7.5 µs in place of 2.9, since it runs by the rules of the other inboxes; \`receive()\` with it costs 1.13 to 1.16 times as much.

The 16 scenarios of [webhook-receiver-conformance](https://github.com/luckyteagirl/webhook-receiver-conformance) (commit ${CORPUS.commit}, ${CORPUS.day}): 16 of 16
on \`sqliteInbox\`, \`bullmqInbox\` and \`postgresInbox\`; in 015 the handler ran twice with one idempotency key. To repeat it, clone that project and give the
function \`_run_scenario\` of its \`tests/e2e/test_reference_corpus.py\` a receiver whose \`handle\` posts to an app with \`generic({ scheme: 'hmac', header: 'X-Webhook-Signature',
timestampHeader: 'X-Webhook-Timestamp', message: '{time}.{header:x-webhook-id}.{body}', eventIdHeader: 'X-Webhook-Id', topicField: 'type', formats: ['json'],
contentType: 'strict', secret })\`, whose clock stands at 2,000,000,000 s, whose handler writes an effect under \`task.idempotencyKey\`, and whose \`probe\` counts these.
\`fail_next_after_effect\` kills the app behind its next effect; a second receiver on one database kills the first.
`

export interface FaultRun {
  readonly parts: Parts
  readonly wrong: readonly string[]
  readonly minutes: number
  /** Number of busy loops that ran in parallel. */
  readonly busy: number
  /** Inboxes and parts that the run was limited to. Empty for a full run. */
  readonly alone: readonly string[]
}

/** Adds this run to test/faults/RESULTS.md, before the earlier runs. */
export function writeResults({ parts, wrong, minutes, busy, alone }: FaultRun): void {
  const before = existsSync(FILE)
    ? readFileSync(FILE, 'utf8')
        .split(/^(?=## )/m)
        .slice(1)
    : []
  const run = [
    `## ${alone.length === 0 ? WHOLE : `Run of ${alone.join(', ')} alone,`} ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    '',
    `Commit ${commit()}, Node ${process.version}, ${availableParallelism()} cores, load ${loadavg()[2]!.toFixed(1)} over the last 15 of ${minutes.toFixed(1)} minutes${busy > 0 ? `, beside ${busy} busy loops` : ''}.`,
    wrong.length === 0
      ? 'Nothing was lost, given up though healthy, or settled and run again.'
      : `Faults: ${wrong.join('; ')}.`,
    ...tablesOf(parts),
    '',
  ].join('\n')
  const isWhole = (text: string): boolean => text.startsWith(`## ${WHOLE}`)
  const all = [run, ...before]
  const kept = [true, false].flatMap((whole) =>
    all.filter((text) => isWhole(text) === whole).slice(0, KEPT),
  )
  writeFileSync(FILE, [head(), ...kept].join('\n').replaceAll(/\n{3,}/g, '\n\n'))
}

export function tablesOf(parts: Parts): string[] {
  return Object.entries(TITLES).flatMap(([name, title]) => {
    const rows = parts[name as keyof typeof TITLES] as Readonly<Record<string, object>>
    return Object.keys(rows).length === 0 ? [] : ['', `### ${title}`, '', ...table(rows)]
  })
}

function table(rows: Readonly<Record<string, object>>): string[] {
  const columns = [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))]
  const line = (cells: readonly unknown[]): string => `| ${cells.map(String).join(' | ')} |`
  return [
    line(['', ...columns.map(words)]),
    line(['---', ...columns.map(() => '--:')]),
    ...Object.entries(rows).map(([row, values]) =>
      line([row, ...columns.map((column) => (values as Record<string, unknown>)[column] ?? '')]),
    ),
  ]
}

function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
