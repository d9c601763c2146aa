// `node test/bench/before-receive.ts <worktree>` compares the in-process cost of receive() and its handler, with the
// inbox in memory, between this worktree and another one (of the commit before a change, with its packages installed).
// Both run in one process and take turns with a burst of deliveries each. A burst ends within a millisecond. The
// fastest tenth of several thousand bursts therefore ran undisturbed, and its ratio repeats to a few hundredths, even
// on a busy machine. Options:
//   --bytes <n>    size of the body, default 1024 and 8192; repeatable
//   --rounds <n>   bursts of each worktree, default 3000
//   --burst <n>    deliveries at once, default 16
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type * as Core from '@postern/core'
import type * as Node from '@postern/node'
import type * as Github from '@postern/providers/github'
import { delivery, SECRET } from './deliveries.ts'
import { createIds } from './ids.ts'
import { inTurn, median, quantile } from '../services/figures.ts'

const { values, positionals } = parseArgs({
  options: {
    bytes: { type: 'string', multiple: true, default: ['1024', '8192'] },
    rounds: { type: 'string', default: '3000' },
    burst: { type: 'string', default: '16' },
  },
  allowPositionals: true,
})
const before = positionals[0]
if (before === undefined) throw new TypeError('before-receive: name the worktree to compare with')
const rounds = Number(values.rounds)
const burst = Number(values.burst)
// Bursts in which V8 still compiles. They are not measured.
const WARM = 300
const nextId = createIds()

/** Returns a function that hands one delivery to a receiver of a worktree. */
async function open(tree: string, bytes: number): Promise<() => Promise<void>> {
  const load = (file: string): Promise<unknown> => import(join(resolve(tree), 'packages', file))
  const { createReceiver } = (await load('core/src/index.ts')) as typeof Core
  const { NodeHeaders } = (await load('node/src/index.ts')) as typeof Node
  const { github } = (await load('providers/src/github.ts')) as typeof Github
  const receiver = createReceiver({ provider: github({ secret: SECRET }) }).onAny(() => {})
  const { body, headers: signed } = delivery('github', bytes)
  const url = 'http://localhost/hook'
  const length = String(body.byteLength)
  return async () => {
    const record = { ...signed, 'content-length': length, 'x-github-delivery': nextId() }
    const headers = new NodeHeaders({ headers: record, rawHeaders: Object.entries(record).flat() })
    const admission = receiver.admit({ method: 'POST', url, headers })
    // Copies the body, because each real request has its own buffer.
    const reply = await receiver.receive(
      { method: 'POST', url, headers, body: Buffer.from(body) },
      { admission },
    )
    if (reply.status > 299) throw new Error(`rejected with ${reply.status}: ${String(reply.body)}`)
  }
}

/** Returns the microseconds per delivery of a burst, including its handlers. */
async function one(deliver: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await Promise.all(Array.from({ length: burst }, deliver))
  await new Promise((next) => setImmediate(next))
  return ((performance.now() - start) * 1000) / burst
}

for (const bytes of values.bytes.map(Number)) {
  const trees = [
    await open(before, bytes),
    await open(resolve(import.meta.dirname, '../..'), bytes),
  ]
  const [old, now] = await inTurn(trees, { rounds, warm: WARM }, one)
  const ratio = (of: (all: readonly number[]) => number): string => (of(old!) / of(now!)).toFixed(3)
  const tenth = (all: readonly number[]): number => quantile(all, 0.1)
  console.log(
    `receive(), ${bytes} bytes: ${tenth(old!).toFixed(1)} → ${tenth(now!).toFixed(1)} µs in the fastest tenth; before / now ${ratio(tenth)}, of the medians ${ratio(median)}`,
  )
}
process.exit()
