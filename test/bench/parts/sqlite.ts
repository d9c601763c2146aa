import { byHandSqlite } from '../by-hand-sqlite.ts'
import type { Effort, PartResult, Target } from '../report/part.ts'
import { median } from '../../services/figures.ts'
import { temporarySqlite } from '../subjects/postern.ts'
import { compare, ours, ratioOf, WIDTH } from './settled.ts'

const SIZES = [
  { bytes: 1024, title: '1 KB', bound: 2, goal: 1.5 },
  { bytes: 8 * 1024, title: '8 KB', bound: 1.6, goal: 1.3 },
  { bytes: 100 * 1024, title: '100 KB', bound: 1.2, goal: 1.1 },
]

/**
 * Measures the cost of an event from accept to settle in a file, compared with hand-written SQLite code with the same
 * duties.
 */
export async function sqlite({ quick }: Effort): Promise<PartResult> {
  const rows: string[][] = []
  const targets: Target[] = []
  for (const { bytes, title, bound, goal } of SIZES) {
    const events = Math.ceil((quick ? 2000 : 6000) / (bytes > 50_000 ? 10 : 1))
    const all = [byHandSqlite(), ours(temporarySqlite())]
    const costs = await compare(all, { size: bytes, events, rounds: quick ? 3 : 15 })
    const [hand, postern] = costs
    for (const cost of costs)
      rows.push([
        `${cost.name}, ${title}`,
        median(cost.node).toFixed(1),
        ratioOf(hand!, cost).toFixed(2),
      ])
    targets.push({
      what: `SQLite, accept to settled, against the bare file with the same duties, ${title}`,
      got: ratioOf(hand!, postern!),
      bound,
      goal,
      lower: true,
    })
    for (const one of all) await one.close()
  }
  return {
    tables: [
      {
        title: 'SQLite: from accept to settled, beside the bare file',
        note: `One process takes, runs and settles events, ${WIDTH} in flight, without HTTP. By hand: one transaction for each turn of the event loop that looks for the key, stores key, event and task and settles those of the turn before (WAL, synchronous=FULL, pages of 8,192); it knows no lease, no retry, no view and no journal. Medians of rounds by turns.`,
        head: ['', 'CPU µs/event', 'by hand = 1'],
        rows,
      },
    ],
    targets,
  }
}
