import { join, resolve } from 'node:path'
import type { Inbox } from '@postern/core/inbox'
import { openDurable } from '../../services/inboxes.ts'
import { startPostgres } from '../../services/postgres.ts'
import { byHandPostgres } from '../by-hand-postgres.ts'
import { unique } from '../inboxes.ts'
import type { Effort, PartResult } from '../report/part.ts'
import { median } from '../../services/figures.ts'
import { compare, ours, ratioOf, WIDTH, type Contender } from './settled.ts'

const SIZES = [1024, 8192]
// Minimum ratios of hand-written SQL to the inbox, as in the table of targets.
const BOUNDS: Readonly<Record<number, readonly [bound: number, goal: number]>> = {
  1024: [0.4, 0.5],
  8192: [0.8, 0.95],
}

/** Worktree of a commit with pgBossInbox, the previous PostgreSQL inbox. If set, the benchmark measures it too. */
const BEFORE = process.env['BENCH_PG_BOSS']

/**
 * Measures the CPU cost of an event from accept to settle in PostgreSQL (Node.js and server), compared with
 * hand-written SQL.
 */
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
        ...(BEFORE === undefined ? [] : [await before(BEFORE, service.url)]),
      ]
      const costs = await compare(all, { size, events, rounds: quick ? 3 : 5, server: service.pid })
      const [hand, postern, pgBoss] = costs
      for (const { name, node, server } of costs)
        rows.push([
          `${name}, ${size / 1024} KB`,
          median(node).toFixed(0),
          median(server).toFixed(0),
          median(node.map((one, at) => one + server[at]!)).toFixed(0),
          ratioOf(hand!, { name, node, server }).toFixed(2),
        ])
      targets.push({
        what: `PostgreSQL, accept to settled, SQL by hand ÷ ours, ${size / 1024} KB`,
        got: 1 / ratioOf(hand!, postern!),
        bound: BOUNDS[size]![0],
        goal: BOUNDS[size]![1],
      })
      if (pgBoss)
        targets.push({
          what: `PostgreSQL, accept to settled, ours ÷ pgBossInbox, ${size / 1024} KB`,
          got: ratioOf(pgBoss, postern!),
          bound: 0.55,
          lower: true,
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

/** Opens the pgBossInbox of that worktree. Its packages must be installed there. */
async function before(worktree: string, connectionString: string): Promise<Contender> {
  const file = join(resolve(worktree), 'packages/pg-boss/src/index.ts')
  const { pgBossInbox } = (await import(file)) as {
    readonly pgBossInbox: (options: object) => Inbox
  }
  return ours(pgBossInbox({ connectionString, schema: unique(), lease: '30s' }))
}
