import { join } from 'node:path'
import { inTurn } from '../../services/figures.ts'
import { type Child, startChild } from '../child.ts'
import type { Effort, PartResult, Target } from '../report/part.ts'

/** CPU microseconds per delivery, by value. */
type Costs = ReadonlyMap<number, number>

const BOUND = 1.1
// A million ids do not fit into the CPU caches, however they are stored.
const IDS_BOUND = 1.3

/** Measures whether a delivery costs more with more subscriptions, remembered ids, tasks, secrets or body bytes. */
export async function growth({ quick }: Effort): Promise<PartResult> {
  const thousands = [1, 10, 100, 1000, 10_000]
  const remembered = quick ? [0, 1000, 10_000, 100_000] : [0, 1000, 10_000, 100_000, 1_000_000]
  const waiting = quick ? [0, 1000, 10_000] : [0, 1000, 10_000, 100_000]
  const few = [1, 2, 5, 10]
  const sizes = [1, 8, 64, 512, 4096]
  const subscriptions = await range('subscriptions', thousands)
  const ids = await range('remembered', remembered)
  const tasks = await range('pending', waiting)
  const sqlite = await range('pendingSqlite', waiting)
  const secrets = await range('secrets', few)
  const hmacs = await range('hmacs', few)
  const body = perKb(await range('body', sizes))
  const floor = perKb(await range('floor', sizes))

  const each = extra(secrets) / extra(hmacs)
  const ranges: readonly (readonly [string, Costs])[] = [
    ['subscriptions', subscriptions],
    ['remembered ids', ids],
    ['pending tasks, in memory', tasks],
    ['pending tasks, SQLite', sqlite],
  ]
  // Below 8 KB, the fixed cost of a delivery dominates.
  const fromEight = (costs: Costs): Costs => new Map([...costs].filter(([size]) => size >= 8))
  return {
    tables: [
      {
        title: 'Growth: CPU microseconds of one delivery of 1 KB',
        note: 'receive() in process, each point in a process of its own, in turn. Half of the subscriptions are patterns and all but one match nothing; remembered ids are held at the bound, so that each new one pushes an old one out; pending tasks wait behind a handler that never ends while another handles what comes. Means of all rounds, so that the garbage collector is in them.',
        head: ['of', ...[0, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000].map(counted)],
        rows: ranges.map(([name, costs]) => [
          name,
          ...[0, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000].map((value) => shown(costs, value)),
        ]),
      },
      {
        title: 'Growth: secrets in rotation',
        note: `The right one is the last of them. Beside receive(), the same number of times HMAC-SHA256 with a KeyObject and a constant-time comparison and nothing else. One more secret costs ${extra(secrets).toFixed(1)} µs, one more HMAC ${extra(hmacs).toFixed(1)} µs.`,
        head: ['secrets', ...few.map(counted)],
        rows: [
          ['receive() µs', ...few.map((value) => shown(secrets, value))],
          ['HMACs alone µs', ...few.map((value) => shown(hmacs, value))],
        ],
      },
      {
        title: 'Growth: CPU microseconds for each KB of the body',
        note: 'receive() and the floor (HMAC, comparison, JSON.parse) at each size. The target holds from 8 KB on: below, the fixed cost of a delivery is most of it.',
        head: ['body', ...sizes.map((size) => (size < 1024 ? `${size} KB` : `${size / 1024} MB`))],
        rows: [
          ['receive() µs/KB', ...sizes.map((size) => shown(body, size, 2))],
          ['floor µs/KB', ...sizes.map((size) => shown(floor, size, 2))],
        ],
      },
    ],
    targets: [
      ...ranges.map(([name, costs]) =>
        target(
          `${name}, ${span(costs)}`,
          grown(costs),
          name === 'remembered ids' ? IDS_BOUND : BOUND,
        ),
      ),
      target('secrets 1 to 10: one more beside its HMAC', each),
      target('body, µs for each KB from 8 KB to 4 MB', grown(fromEight(body))),
    ],
    pictures: [
      {
        kind: 'lines',
        file: 'growth.svg',
        title: 'What one delivery costs, the more there is of something',
        axes: ['how many', 'CPU time relative to the first point'],
        lines: ranges.map(([label, costs]) => {
          const first = [...costs.values()][0]!
          return {
            label,
            points: [...costs].map(([value, cost]) => [value, cost / first] as const),
          }
        }),
      },
    ],
  }

  async function range(name: string, values: readonly number[]): Promise<Costs> {
    console.log(`growth: ${name}, ${values.join(' ')}`)
    const script = join(import.meta.dirname, 'growth-point.ts')
    const points: { child: Child; count: number }[] = []
    try {
      for (const value of values) {
        const child = startChild(script, { args: [name, String(value)] })
        points.push({ child, count: counts(name, value, quick) })
      }
      // Waits until each process has filled its inbox, which is slow and not measured.
      await Promise.all(points.map(({ child }) => child.ask()))
      // V8 compiles in the first two rounds.
      const times = await inTurn(
        points,
        { rounds: quick ? 3 : 15, warm: 2 },
        async ({ child, count }) => (await child.ask(count)) as number,
      )
      return new Map(values.map((value, at) => [value, mean(times[at]!)]))
    } finally {
      await Promise.all(points.map(({ child }) => child.stop()))
    }
  }
}

/** Returns the deliveries per round, so that each point takes about the same time. */
function counts(name: string, value: number, quick: boolean): number {
  const micros =
    name === 'body' || name === 'floor' || name === 'secrets' || name === 'hmacs'
      ? 5 + value * 3
      : name === 'pendingSqlite'
        ? 40
        : 10
  return Math.max(8, Math.round((quick ? 60_000 : 180_000) / micros))
}

function target(name: string, got: number, bound = BOUND): Target {
  return { what: `Growth, ${name}`, got, bound, lower: true }
}

/** Returns the highest cost divided by the first one. */
function grown(costs: Costs): number {
  const [first, ...others] = [...costs.values()]
  return Math.max(...others) / first!
}

/** Returns the cost of one more item, between the first and the last value. */
function extra(costs: Costs): number {
  const [from, to] = [[...costs][0]!, [...costs].at(-1)!]
  return (to[1] - from[1]) / (to[0] - from[0])
}

function perKb(costs: Costs): Costs {
  return new Map([...costs].map(([size, cost]) => [size, cost / size]))
}

function span(costs: Costs): string {
  const values = [...costs.keys()]
  return `${counted(values[0]!)} to ${counted(values.at(-1)!)}`
}

function shown(costs: Costs, value: number, digits = 1): string {
  return costs.get(value)?.toFixed(digits) ?? ''
}

function counted(value: number): string {
  return value.toLocaleString('en')
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
