import { openDurable } from '../../services/inboxes.ts'
import { startPostgres } from '../../services/postgres.ts'
import { startRedis } from '../../services/redis.ts'
import { byHandBullmq, byHandGraphile, byHandPgBoss } from '../by-hand-engines.ts'
import { unique } from '../inboxes.ts'
import type { Effort, PartResult } from '../report/part.ts'
import { median } from '../../services/figures.ts'
import { compare, ours, ratioOf, WIDTH, type Contender } from './settled.ts'

const SIZES = [1024, 8192]

/** Measures the cost of a durable event from accept to settle, compared with popular engines with the same duties. */
export async function engines({ quick }: Effort): Promise<PartResult> {
  const redis = await startRedis()
  const database = await startPostgres()
  const events = quick ? 2000 : 4000
  const rows: string[][] = []
  const targets: PartResult['targets'][number][] = []
  const measure = async (
    size: number,
    server: number | undefined,
    makers: readonly (() => Promise<Contender>)[],
  ): Promise<void> => {
    const all: Contender[] = []
    for (const make of makers) all.push(await make())
    const costs = await compare(all, {
      size,
      events,
      rounds: quick ? 3 : 5,
      ...(server !== undefined && { server }),
    })
    const postern = costs[0]!
    for (const one of costs) {
      const ratio = ratioOf(one, postern)
      rows.push([
        `${one === postern ? `**Postern**, ${one.name}` : one.name}, ${size / 1024} KB`,
        median(one.node).toFixed(0),
        median(one.server).toFixed(0),
        median(one.node.map((node, at) => node + one.server[at]!)).toFixed(0),
        one === postern ? '' : ratio.toFixed(2),
      ])
      if (one !== postern)
        targets.push({
          what: `${postern.name}, accept to settled, against ${one.name} with the same duties, ${size / 1024} KB`,
          got: ratio,
          bound: 1,
          lower: true,
        })
    }
    for (const one of all) await one.close()
  }
  try {
    for (const size of SIZES) {
      await measure(size, redis.pid, [
        async () =>
          ours(await openDurable('bullmq', redis.url, { prefix: `{${unique()}}` }), 'BullMQ'),
        () => byHandBullmq(redis.url, `{${unique()}}`),
      ])
      await measure(size, database.pid, [
        async () =>
          ours(await openDurable('postgres', database.url, { schema: unique() }), 'PostgreSQL'),
        () => byHandPgBoss(database.url, unique()),
        () => byHandGraphile(database.url, unique()),
      ])
    }
  } finally {
    await redis.stop()
    await database.stop()
  }
  return {
    tables: [
      {
        title: 'From accept to settled, beside engines with the same duties',
        note: `One process takes, runs and settles ${events} events, ${WIDTH} in flight, without HTTP and verification. By hand: what an app writes around the engine so that the delivery is stored with head and body before the reply, known by its id for four days, run by one task at a time, retried with a growing delay and kept if it fails for good; what arrives in one turn of the event loop is stored together, as Postern does it. Postern also keeps the history of each attempt, and orders, leases and shares tasks by its own rules. CPU of Node and of the server, medians of rounds by turns; the last column divides Postern's by the engine's, so below 1 Postern is cheaper.`,
        head: ['', 'Node µs', 'server µs', 'together', 'Postern ÷ it'],
        rows,
      },
    ],
    targets,
  }
}
