import { readdirSync, readFileSync } from 'node:fs'
import type { Consumer, Intake, Port } from '@postern/core/engine'
import type { Inbox } from '@postern/core/inbox'
import { delivery } from '../deliveries.ts'
import { createIds } from '../ids.ts'
import { cpuOf, median } from '../../services/figures.ts'

/** Implementation that accepts events and settles one task per event. */
export interface Contender {
  readonly name: string
  /** Stores the events, 64 at a time, and runs them. Resolves when all are settled. */
  round(events: readonly Intake[]): Promise<void>
  close(): Promise<void>
}

/** Number of events in flight. */
export const WIDTH = 64
// Clock tick of /proc, in microseconds.
const TICK = 10_000

/** CPU microseconds per event, by round. */
export interface Costs {
  readonly name: string
  readonly node: readonly number[]
  /** CPU microseconds of the database's processes. Zero without a database. */
  readonly server: readonly number[]
}

/**
 * Measures the cost per event. The contenders take turns in each round. The first round warms up: V8 compiles and
 * connections open.
 */
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
    /** Process ids of the databases. Only the database of the running contender uses CPU time. @default none */
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
      const before = serverTicks()
      const cpu = await cpuOf(() => all[at]!.round(made))
      if (round < 0) continue
      costs[at]!.node.push(cpu / count)
      costs[at]!.server.push(((serverTicks() - before) * TICK) / count)
    }
  }
  return costs
}

/**
 * Returns a contender for an inbox, with a handler that does nothing. If `works` is false, a round ends when its events
 * are stored.
 */
export function ours(inbox: Inbox, name: string = inbox.name, works = true): Contender {
  const lanes = [
    { name: 'a', previousNames: [], concurrency: 50, ordered: false, timeout: 300_000 },
  ]
  const { round, ended } = rounds(async (one) => {
    await port.accept(one, {})
    if (!works) ended()
  })
  const consumer: Consumer = {
    receiver: 'bench',
    retrySpan: 0,
    lanes: () => lanes,
    run: () => ({ kind: 'done' }),
    settled: () => ended(),
    warn: (message) => console.warn(message),
    now: Date.now,
  }
  const port: Port = inbox.attach(consumer)
  if (works) port.work!()
  return { name, round, close: () => inbox.close() }
}

/**
 * Returns a `round` that stores {@link WIDTH} events at a time and resolves when `ended` was called for all of them.
 */
export function rounds(store: (one: Intake) => Promise<void>): Pick<Contender, 'round'> & {
  readonly ended: (count?: number) => void
} {
  let left = 0
  let over = (): void => {}
  return {
    async round(events) {
      left = events.length
      const done = new Promise<void>((resolve) => (over = resolve))
      let next = 0
      await Promise.all(
        Array.from({ length: WIDTH }, async () => {
          while (next < events.length) await store(events[next++]!)
        }),
      )
      await done
    },
    ended(count = 1) {
      left -= count
      if (left === 0) over()
    },
  }
}

const nextId = createIds()

/** Creates events with unique ids, as a receiver passes them to an inbox. */
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

/** Returns the CPU time of a database and its children, in ticks. */
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
      // The process has ended.
    }
  return ticks
}

/** Returns the costs of `second` divided by those of `first`, as the median of the rounds. */
export function ratioOf(first: Costs, second: Costs): number {
  return median(
    second.node.map(
      (node, at) => (node + second.server[at]!) / (first.node[at]! + first.server[at]!),
    ),
  )
}
