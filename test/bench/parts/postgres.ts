import { readdirSync, readFileSync } from 'node:fs'
import type { Consumer, Inbox, Intake, Port } from '@postern/core/inbox'
import { openDurable } from '../../services/inboxes.ts'
import { startPostgres } from '../../services/postgres.ts'
import { delivery } from '../deliveries.ts'
import { byHandPostgres } from '../engines.ts'
import { createIds } from '../ids.ts'
import { unique } from '../inboxes.ts'
import type { Effort, PartResult } from '../report/part.ts'
import { median } from '../statistics.ts'

/** What accepts events and settles a task of each. */
export interface Contender {
  readonly name: string
  /** Takes them, 64 at once, runs them, and resolves when all are settled. */
  round(events: readonly Intake[]): Promise<void>
  close(): Promise<void>
}

const WIDTH = 64
const SIZES = [1024, 8192]
// Ours by hand divided by ours, at least; as the table of targets has them.
const BOUNDS: Readonly<Record<number, number>> = { 1024: 0.4, 8192: 0.8 }
// A tick of /proc, in microseconds.
const TICK = 10_000

/** What an event costs from accept to settled in PostgreSQL: Node and the server together, beside SQL written by hand. */
export async function postgres({ quick }: Effort): Promise<PartResult> {
  const service = await startPostgres()
  const events = quick ? 2000 : 6000
  const rows: string[][] = []
  const targets: PartResult['targets'][number][] = []
  try {
    for (const size of SIZES) {
      const all = [
        await byHandPostgres(service.url, unique()),
        ours(await openDurable('postgres', service.url, { schema: unique(), lease: '30s' })),
      ]
      const costs = await compare(all, { size, events, rounds: quick ? 3 : 5, server: service.pid })
      const [hand] = costs
      for (const { name, node, server } of costs)
        rows.push([
          `${name}, ${size / 1024} KB`,
          median(node).toFixed(0),
          median(server).toFixed(0),
          median(node.map((one, at) => one + server[at]!)).toFixed(0),
          ratioOf(hand!, { node, server }).toFixed(2),
        ])
      targets.push({
        what: `PostgreSQL, accept to settled, SQL by hand ÷ ours, ${size / 1024} KB`,
        got: 1 / ratioOf(hand!, costs[1]!),
        bound: BOUNDS[size]!,
        lower: false,
        unit: '',
      })
      for (const one of all) await one.close()
    }
  } finally {
    await service.stop()
  }
  return {
    tables: [
      {
        title: 'PostgreSQL: from accept to settled, beside SQL written by hand',
        note: `One process takes, runs and settles ${events} events, ${WIDTH} in flight. By hand: one INSERT for each batch that stores event, body and task as running, and one UPDATE for a batch of ends; it knows no lease, no retry and no guard. CPU of Node and of PostgreSQL, medians of rounds by turns.`,
        head: ['', 'Node µs', 'PostgreSQL µs', 'together', 'by hand = 1'],
        rows,
      },
    ],
    targets,
  }
}

/** The costs of each event, in rounds by turns. The first round opens connections and compiles. */
export async function compare(
  all: readonly Contender[],
  {
    size,
    events,
    rounds,
    server,
  }: {
    readonly size: number
    readonly events: number
    readonly rounds: number
    readonly server: number
  },
): Promise<
  readonly { readonly name: string; readonly node: number[]; readonly server: number[] }[]
> {
  const costs = all.map(({ name }) => ({ name, node: [] as number[], server: [] as number[] }))
  for (let round = -1; round < rounds; round++) {
    const count = round < 0 ? Math.ceil(events / 4) : events
    for (const at of round % 2 === 0 ? all.keys() : [...all.keys()].reverse()) {
      const made = intakes(size, count)
      const before = { cpu: process.cpuUsage(), ticks: ticksOf(server) }
      await all[at]!.round(made)
      const { user, system } = process.cpuUsage(before.cpu)
      if (round < 0) continue
      costs[at]!.node.push((user + system) / count)
      costs[at]!.server.push(((ticksOf(server) - before.ticks) * TICK) / count)
    }
  }
  return costs
}

/** An inbox as a contender: its handler does nothing. */
export function ours(inbox: Inbox, name: string = inbox.name): Contender {
  let left = 0
  let over = (): void => {}
  const lanes = [{ name: 'a', formerly: [], concurrency: 50, ordered: false, timeout: 300_000 }]
  const consumer: Consumer = {
    receiver: 'bench',
    retrySpan: 0,
    lanes: () => lanes,
    run: () => ({ kind: 'done' }),
    settled() {
      if (--left === 0) over()
    },
    warn: (message) => console.warn(message),
    now: Date.now,
  }
  const port: Port = inbox.attach(consumer)
  port.work!()
  return {
    name,
    async round(events) {
      left = events.length
      const done = new Promise<void>((resolve) => (over = resolve))
      await inFlight(events, async (one) => void (await port.accept(one, {})))
      await done
    },
    close: () => inbox.close(),
  }
}

/** Hands out work to {@link WIDTH} at once. */
export async function inFlight<T>(
  items: readonly T[],
  each: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: WIDTH }, async () => {
      while (next < items.length) await each(items[next++]!)
    }),
  )
}

const nextId = createIds()

function intakes(size: number, count: number): readonly Intake[] {
  const { body } = delivery('github', size)
  return Array.from({ length: count }, () => {
    const id = nextId()
    return {
      delivery: {
        method: 'POST',
        url: '/hooks/github',
        headers: [
          ['content-type', 'application/json'],
          ['user-agent', 'GitHub-Hookshot/1'],
          ['x-github-event', 'push'],
          ['x-github-delivery', id],
        ],
        body,
        receivedAt: Date.now(),
      },
      items: [
        {
          event: {
            key: `:${id}`,
            dedupe: true,
            id,
            topic: 'push',
            aliases: [],
            payload: {},
            scope: undefined,
            provider: 'github',
            source: 'json',
          },
          tasks: [{ subscription: 'a' }],
        },
      ],
    }
  })
}

/** CPU of PostgreSQL and its backends so far, in ticks. */
function ticksOf(pid: number): number {
  let ticks = 0
  for (const name of readdirSync('/proc'))
    try {
      if (!/^\d+$/.test(name)) continue
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [, parent, , , , , , , , , , user, system, oldUser, oldSystem] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number) as number[]
      if (Number(name) === pid) ticks += user! + system! + oldUser! + oldSystem!
      else if (parent === pid) ticks += user! + system!
    } catch {
      // The process ended.
    }
  return ticks
}

function ratioOf(
  hand: { readonly node: readonly number[]; readonly server: readonly number[] },
  one: { readonly node: readonly number[]; readonly server: readonly number[] },
): number {
  return median(
    one.node.map((node, at) => (node + one.server[at]!) / (hand.node[at]! + hand.server[at]!)),
  )
}
