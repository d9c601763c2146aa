import { readdirSync, readFileSync } from 'node:fs'
import type { Consumer, Intake, Port } from '@postern/core/engine'
import type { Inbox } from '@postern/core/inbox'
import { delivery } from '../deliveries.ts'
import { createIds } from '../ids.ts'
import { median } from '../statistics.ts'

/** What accepts events and settles a task of each. */
export interface Contender {
  readonly name: string
  /** Takes them, 64 at once, runs them, and resolves when all are settled. */
  round(events: readonly Intake[]): Promise<void>
  close(): Promise<void>
}

/** Events that are in flight at once. */
export const WIDTH = 64
// A tick of /proc, in microseconds.
const TICK = 10_000

/** What an event cost, round by round, in microseconds of CPU. */
export interface Costs {
  readonly name: string
  readonly node: readonly number[]
  /** Of the database's own processes; zero without them. */
  readonly server: readonly number[]
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
    /** The process ids of the databases; those of others than the one that runs are idle. @default none */
    readonly server?: number | readonly number[]
  },
): Promise<readonly Costs[]> {
  const costs = all.map(({ name }) => ({ name, node: [] as number[], server: [] as number[] }))
  const servers = server === undefined ? [] : [server].flat()
  const serverTicks = (): number => servers.reduce((sum, pid) => sum + ticksOf(pid), 0)
  for (let round = -1; round < rounds; round++) {
    const count = round < 0 ? Math.ceil(events / 4) : events
    for (const at of round % 2 === 0 ? all.keys() : [...all.keys()].reverse()) {
      const made = intakes(size, count)
      const before = { cpu: process.cpuUsage(), ticks: serverTicks() }
      await all[at]!.round(made)
      const { user, system } = process.cpuUsage(before.cpu)
      if (round < 0) continue
      costs[at]!.node.push((user + system) / count)
      costs[at]!.server.push(((serverTicks() - before.ticks) * TICK) / count)
    }
  }
  return costs
}

/** An inbox as a contender: its handler does nothing. */
export function ours(inbox: Inbox, name: string = inbox.name): Contender {
  let left = 0
  let over = (): void => {}
  const lanes = [
    { name: 'a', previousNames: [], concurrency: 50, ordered: false, timeout: 300_000 },
  ]
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

/** Events with ids of their own, as a receiver hands them to an inbox. */
export function intakes(size: number, count: number): readonly Intake[] {
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
            tenant: undefined,
            provider: 'github',
            source: 'json',
          },
          tasks: [{ subscription: 'a' }],
        },
      ],
    }
  })
}

/** CPU of a database and its children so far, in ticks. */
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

/** The costs of the second divided by those of the first; the median of the rounds. */
export function ratioOf(first: Costs, second: Costs): number {
  return median(
    second.node.map(
      (node, at) => (node + second.server[at]!) / (first.node[at]! + first.server[at]!),
    ),
  )
}
