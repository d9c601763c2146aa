// `node test/bench/before.ts <worktree>` measures the CPU cost of accepting and settling in an inbox of this worktree,
// divided by the cost in another worktree (of the commit before a change, with its packages installed). One process
// runs interleaved rounds. Options:
//   --inbox <name>  sqlite, bullmq, postgres or memory, default sqlite. One Redis or PostgreSQL is started for both
// worktrees
//   --rounds <n>    rounds of each case, default 31
//   --known <n>     settled events of 1 KB in each inbox before the measurement, default 0
//   --at-once <n>   only cases with this number of deliveries in flight; repeatable
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Inbox } from '@postern/core/inbox'
import { inboxes, type InboxName } from '../../packages/cli/src/inboxes.ts'
import { durables, type DurableName } from '../services/inboxes.ts'
import { unique } from './inboxes.ts'
import { intakes, ours } from './parts/settled.ts'
import { cpuOf, inTurn, median, quantile } from '../services/figures.ts'

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: 'string', default: '31' },
    known: { type: 'string', default: '0' },
    inbox: { type: 'string', default: 'sqlite' },
    'at-once': { type: 'string', multiple: true, default: ['1', '16', '64'] },
  },
  allowPositionals: true,
})
const before = positionals[0]
if (before === undefined) throw new TypeError('before: name the worktree to compare with')
const rounds = Number(values.rounds)
const known = Number(values.known)
const name = values.inbox as InboxName
const row = inboxes[name]
if (row === undefined)
  throw new TypeError(`--inbox must be one of ${Object.keys(inboxes).join(', ')}, got ${name}`)

const here = resolve(import.meta.dirname, '../..')
const started: (() => Promise<void>)[] = []
const service = name === 'memory' || name === 'sqlite' ? undefined : await startOne(name)

async function startOne(of: DurableName): Promise<string> {
  const { store, stop } = await durables[of].start()
  started.push(stop)
  return store
}

/** Opens an inbox of a worktree with its own store. */
async function open(tree: string): Promise<Inbox> {
  const file = join(resolve(tree), 'packages', row.package.split('/')[1]!, 'src/index.ts')
  const factory = ((await import(file)) as Readonly<Record<string, (options: object) => Inbox>>)[
    row.factory
  ]!
  if (name === 'memory') return factory({})
  const store = service ?? (await startOne(name))
  return factory({
    [row.place!.option]: store,
    deadline: '30s',
    ...(service && durables[name].own(unique())),
  })
}

const cases = [
  ['accept, 1 KB, 64 at once', 1024, false, 64],
  ['accept and settle, 1 KB, 64 at once', 1024, true, 64],
  ['accept and settle, 8 KB, 64 at once', 8192, true, 64],
  ['accept and settle, 1 KB, 16 at once', 1024, true, 16],
  ['accept and settle, 1 KB, one at a time', 1024, true, 1],
] as const
for (const [title, bytes, settles, width] of cases) {
  // The inbox in memory always runs accepted events.
  if ((name === 'memory' && !settles) || !values['at-once'].includes(String(width))) continue
  // With --known, measure only 1 KB: the known events need much space.
  if (known > 0 && (!settles || bytes > 1024)) continue
  const pair = [ours(await open(before), 'before', settles), ours(await open(here), 'now', settles)]
  for (let at = 0; at < known; at += 500)
    for (const one of pair) await one.round(intakes(bytes, 500))
  const batches = { 1: 150, 16: 100, 64: bytes > 1024 ? 20 : 50 }[width]
  for (const one of pair)
    for (let at = 0; at < batches * 3; at++) await one.round(intakes(bytes, width))
  const [old, now] = await inTurn(pair, { rounds, warm: 0 }, async (one) => {
    const made = Array.from({ length: batches }, () => intakes(bytes, width))
    const cpu = await cpuOf(async () => {
      for (const batch of made) await one.round(batch)
    })
    return cpu / (batches * width)
  })
  for (const one of pair) await one.close()
  const ratios = now!.map((cost, at) => cost / old![at]!)
  console.log(
    `${title}: ${median(old!).toFixed(1)} → ${median(now!).toFixed(1)} µs, ratio ${median(ratios).toFixed(2)} [${quantile(ratios, 0.25).toFixed(2)}–${quantile(ratios, 0.75).toFixed(2)}] in ${rounds} rounds`,
  )
}
for (const stop of started) await stop()
process.exit()
