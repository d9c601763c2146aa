// `node test/bench/before.ts <worktree>`: what accepting and settling costs the process of an inbox of this tree, divided by
// its cost in another worktree (of the commit before a change; installed there). One process, interleaved rounds. Options:
//   --inbox <name>  sqlite, bullmq, postgres or memory; sqlite without it. Redis and PostgreSQL are started, one for both
//   --rounds <n>    rounds of each case, 31 without it
//   --known <n>     settled events of 1 KB that each inbox knows before it is measured, none without it
//   --at-once <n>   only cases with this number of deliveries in flight; may be given again
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Consumer, Intake } from '@postern/core/engine'
import type { Inbox } from '@postern/core/inbox'
import { inboxes, type InboxName } from '../../packages/cli/src/inboxes.ts'
import { durables } from '../services/inboxes.ts'
import { delivery } from './deliveries.ts'
import { unique } from './inboxes.ts'
import { median, quantile } from './statistics.ts'

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
const service = name === 'bullmq' || name === 'postgres' ? await startOne(name) : undefined

/** One inbox that stores batches. */
interface Subject {
  batch(width: number): Promise<void>
  close(): Promise<void>
  readonly micros: number[]
}

async function startOne(of: 'bullmq' | 'postgres' | 'sqlite'): Promise<string> {
  const { store, stop } = await durables[of].start()
  started.push(stop)
  return store
}

/** An inbox of a tree on a store of its own. */
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

async function subject(tree: string, bytes: number, settles: boolean): Promise<Subject> {
  const inbox = await open(tree)
  let left = 0
  let settled = (): void => {}
  const consumer: Consumer = {
    receiver: 'r',
    retrySpan: 0,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    lanes: () => [
      {
        name: 's',
        previousNames: [],
        concurrency: 1000,
        ordered: false,
        timeout: 60_000,
        attempts: 8,
      },
    ],
    run: () => ({ kind: 'done' }),
    settled() {
      if (--left === 0) settled()
    },
    warn: (message) => console.error(message),
  }
  const port = inbox.attach(consumer)
  if (settles) port.work!()
  const { body, headers } = delivery('github', bytes)
  const stored = {
    method: 'POST',
    url: 'http://127.0.0.1/webhooks',
    headers: Object.entries(headers),
  }
  let serial = 0
  return {
    micros: [],
    async batch(width) {
      const all: Intake[] = Array.from({ length: width }, () => {
        const id = `72d3162e-cc78-11e3-81ab-${String(++serial).padStart(12, '0')}`
        const event = {
          key: `:${id}`,
          dedupe: true,
          id,
          topic: 'push',
          aliases: [],
          payload: {},
          scope: undefined,
          provider: 'github',
          source: 'json' as const,
        }
        return {
          delivery: { ...stored, body, receivedAt: Date.now() },
          items: [{ event, tasks: [{ subscription: 's' }] }],
        } as unknown as Intake
      })
      left += width
      const end = settles ? new Promise<void>((done) => (settled = done)) : undefined
      await Promise.all(all.map(async (intake) => port.accept(intake, {})))
      await end
    },
    async close() {
      await port.close(Date.now() + 2000)
      await inbox.close()
    },
  }
}

const cases = [
  ['accept, 1 KB, 64 at once', 1024, false, 64],
  ['accept and settle, 1 KB, 64 at once', 1024, true, 64],
  ['accept and settle, 8 KB, 64 at once', 8192, true, 64],
  ['accept and settle, 1 KB, 16 at once', 1024, true, 16],
  ['accept and settle, 1 KB, one at a time', 1024, true, 1],
] as const
for (const [title, bytes, settles, width] of cases) {
  // The inbox in memory runs what it accepts.
  if ((name === 'memory' && !settles) || !values['at-once'].includes(String(width))) continue
  // Known events take room: one size is enough.
  if (known > 0 && (!settles || bytes > 1024)) continue
  const pair = [await subject(before, bytes, settles), await subject(here, bytes, settles)]
  for (let at = 0; at < known; at += 500) for (const one of pair) await one.batch(500)
  const batches = { 1: 150, 16: 100, 64: bytes > 1024 ? 20 : 50 }[width]
  for (const one of pair) for (let at = 0; at < batches * 3; at++) await one.batch(width)
  for (let round = 0; round < rounds; round++)
    for (const one of round % 2 ? pair : pair.toReversed()) {
      const cpu = process.cpuUsage()
      for (let at = 0; at < batches; at++) await one.batch(width)
      const { user, system } = process.cpuUsage(cpu)
      one.micros.push((user + system) / (batches * width))
    }
  for (const one of pair) await one.close()
  const [old, now] = pair.map(({ micros }) => micros)
  const ratios = now!.map((cost, at) => cost / old![at]!)
  console.log(
    `${title}: ${median(old!).toFixed(1)} → ${median(now!).toFixed(1)} µs, ratio ${median(ratios).toFixed(2)} [${quantile(ratios, 0.25).toFixed(2)}–${quantile(ratios, 0.75).toFixed(2)}] in ${rounds} rounds`,
  )
}
for (const stop of started) await stop()
process.exit()
