import { loadavg } from 'node:os'
import { memoryInbox, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { webhook } from '@postern/node'
import { delivery, ID_HEADERS } from '../deliveries.ts'
import { startLoader, type Loader } from '../http/processes.ts'
import type { PartResult, ServedEffort, Table, Target } from '../report/part.ts'
import { cpuOf, median, quantile } from '../../services/figures.ts'
import { temporarySqlite } from '../subjects/postern.ts'
import { listen } from '../subjects/subject.ts'
import { historyOfAMonth } from './journal-history.ts'
import { benchReceiver, createSender } from './source.ts'

const BYTES = 1024
const ROUNDS = 44
const CONNECTIONS = 64

/** Pair of measurements, with and without the journal. Each returns the CPU microseconds per delivery. */
interface Way {
  readonly name: string
  readonly bound: number
  readonly on: () => Promise<number>
  readonly off: () => Promise<number>
}

/** Measures the journal's cost per delivery and the size of a month of its history. */
export async function journal({ quick, env }: ServedEffort): Promise<PartResult> {
  const load = loadavg()[0]!.toFixed(0)
  const loader = await startLoader()
  try {
    // The journal stores rows for at most 1,000 deliveries of each measurement, and only at the end. With 3,000
    // deliveries, two thirds are only counted, as under high load. With 500, each delivery would have a row.
    const count = 3000
    const ways = [
      ...(await Promise.all(INBOXES.map(([name, make]) => overHttp(name, make, loader, count)))),
      ...INBOXES.map(([name, make]) => inProcess(name, make, count)),
    ]
    const ratios = await alternate(ways, quick ? 5 : ROUNDS)
    const months = await historyOfAMonth(env, quick)
    return {
      tables: [costTable(ways, ratios, load), months.table],
      targets: [
        ...ways.map(({ name, bound }): Target => ({
          what: `Journal on against off, 1 KB, ${name}`,
          got: median(ratios.get(name)!.ratio),
          bound,
          lower: true,
        })),
        ...months.targets,
      ],
    }
  } finally {
    await loader.stop()
  }
}

const INBOXES: readonly (readonly [string, () => Inbox])[] = [
  ['memory', () => memoryInbox()],
  ['SQLite', temporarySqlite],
]

/** CPU microseconds and on/off ratio, by round. */
interface Rounds {
  readonly on: number[]
  readonly off: number[]
  readonly ratio: number[]
}

/** Measures each way with and without the journal. The order alternates by round. */
async function alternate(
  ways: readonly Way[],
  rounds: number,
): Promise<ReadonlyMap<string, Rounds>> {
  const all = new Map<string, Rounds>(
    ways.map(({ name }) => [name, { on: [], off: [], ratio: [] }]),
  )
  for (let round = -2; round < rounds; round++)
    for (const { name, on, off } of ways) {
      const first = round % 2 === 0 ? await on() : await off()
      const second = round % 2 === 0 ? await off() : await on()
      const [one, other] = round % 2 === 0 ? [first, second] : [second, first]
      if (round < 0) continue
      const its = all.get(name)!
      its.on.push(one)
      its.off.push(other)
      its.ratio.push(one / other)
    }
  return all
}

async function overHttp(
  name: string,
  make: () => Inbox,
  loader: Loader,
  count: number,
): Promise<Way> {
  const { headers, body } = delivery('github', BYTES)
  const way = async (on: boolean): Promise<() => Promise<number>> => {
    const receiver = receiverOf(make(), on)
    const port = await listen(webhook(receiver))
    return () =>
      costOf(receiver, async () => {
        const { requests, rejected } = await loader.run({
          port,
          path: '/hook',
          headers,
          body,
          idHeader: ID_HEADERS.github,
          connections: CONNECTIONS,
          time: 0,
          least: count,
          most: 60_000,
        })
        if (Object.keys(rejected).length > 0)
          throw new Error(`${name} rejected: ${JSON.stringify(rejected)}`)
        return requests
      })
  }
  return { name: `${name}, HTTP`, bound: 1.05, on: await way(true), off: await way(false) }
}

function inProcess(name: string, make: () => Inbox, count: number): Way {
  const way = (on: boolean): (() => Promise<number>) => {
    const receiver = receiverOf(make(), on)
    const source = createSender({ receiver, bytes: BYTES })
    return () => costOf(receiver, () => source.run(count).then(() => count))
  }
  return { name: `${name}, in process`, bound: 1.1, on: way(true), off: way(false) }
}

function receiverOf(inbox: Inbox, journal: boolean): Receiver {
  return benchReceiver({ inbox, storage: { journal } }).onAny(() => {})
}

/** Returns the CPU microseconds per delivery, including its task and what the journal writes after the reply. */
async function costOf(receiver: Receiver, run: () => Promise<number>): Promise<number> {
  let count = 0
  const cpu = await cpuOf(async () => {
    count = await run()
    await receiver.runDue()
  })
  return cpu / count
}

function costTable(ways: readonly Way[], ratios: ReadonlyMap<string, Rounds>, load: string): Table {
  return {
    title: 'Journal: what it costs a delivery of 1 KB',
    note: `One process has a receiver with the journal on and one with journal: false for each row, in turn, ${ratios.get(ways[0]!.name)!.on.length} rounds each; the load generator is another process. CPU microseconds for a delivery, its task and what the journal writes behind the reply. A stretch has 3,000 deliveries; the journal counts all of them and keeps a row of at most 1,000 in a second. Ratios are made inside a round: their median, and where half and nine tenths of them lie. The machine was loaded (${load} processes waited for 2 cores).`,
    head: ['inbox', 'off µs', 'on µs', 'ratio', '25 to 75 %', '5 to 95 %'],
    rows: ways.map(({ name }) => {
      const { on, off, ratio } = ratios.get(name)!
      const span = (low: number, high: number): string =>
        `${quantile(ratio, low).toFixed(2)} to ${quantile(ratio, high).toFixed(2)}`
      return [
        name,
        median(off).toFixed(1),
        median(on).toFixed(1),
        median(ratio).toFixed(3),
        span(0.25, 0.75),
        span(0.05, 0.95),
      ]
    }),
  }
}
