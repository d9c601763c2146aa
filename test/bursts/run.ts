// `npm test -- bursts` sends many events with few keys in random order to each inbox that keeps order, and kills
// processes. It takes about ten minutes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { made } from '../run/made.ts'
import { durableRun, isWhole, memoryRun, objectRun, type Found } from './bursts.ts'
import { costs } from './cost.ts'

const SIZE = { keys: 40, events: Number(process.env['BURST_EVENTS'] ?? 3000), kills: 12 }
const SEEDS = Number(process.env['BURST_SEEDS'] ?? 5)

const runs: readonly (readonly [name: string, run: (seed: number) => Promise<Found>])[] = [
  ['memory, without kills', (seed) => memoryRun({ ...SIZE, kills: 0 }, seed)],
  ['SQLite, three processes', (seed) => durableRun('sqlite', SIZE, seed)],
  ['MariaDB, three processes', (seed) => durableRun('mysql', SIZE, seed)],
  ['PostgreSQL, three processes', (seed) => durableRun('postgres', SIZE, seed)],
  ['a Durable Object in workerd', (seed) => objectRun(SIZE, seed)],
]

const only = process.argv.slice(2)
const lines: string[] = []
let failed = 0
for (const [name, run] of runs) {
  if (only.length > 0 && !only.some((one) => name.toLowerCase().includes(one))) continue
  for (let seed = 1; seed <= SEEDS; seed++) {
    const found = await run(seed)
    const {
      kills,
      accepted,
      runs: began,
      ran,
      folded,
      stale,
      counted,
      regressed,
      beside,
      old,
      left,
    } = found
    if (!isWhole(found)) failed++
    const wrong = `${regressed} / ${beside} / ${old} / ${left}`
    lines.push(
      `| ${[name, seed, kills, accepted, began, ran, folded, stale, counted, wrong].join(' | ')} |`,
    )
    console.log(
      `${isWhole(found) ? 'ok    ' : 'FAILED'}  ${name}, seed ${seed}: ${JSON.stringify(found)}`,
    )
  }
}
const cost = only.length > 0 ? '' : await costs()
console.log(cost)
if (only.length === 0) writeFileSync(join(import.meta.dirname, 'RESULTS.md'), page())
if (failed > 0) process.exitCode = 1

function page(): string {
  return `# Bursts

${made('npm test -- bursts')}

Each run sends ${SIZE.events} events of ${SIZE.keys} keys, shuffled, 24 at once, some of them twice, to a subscription with \`debounce\` and \`newest\`. The handler takes up to 8 ms; a tenth of the runs fail, and some ask to wait. Kills are SIGKILLs, of one of three processes or of workerd.

| inbox | seed | kills | accepted | runs that began | runs stored | folded | stale | Σ(1 + folded) + stale | on an older event / beside another / last not the newest / not done |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${lines.join('\n')}

Σ(1 + folded) counts each run that is stored with the events that it stood for. With the stale ones, that is what was accepted: no event is lost, and none counts twice.

## What it costs

${cost}

## What it does not show

All of it ran on one machine. The Durable Object ran in workerd, not on Cloudflare.
`
}
