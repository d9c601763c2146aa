import type { ArrivalRow, Journaled, Ring } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import {
  ADD_ARRIVAL,
  ARRIVAL,
  COUNT_RING,
  DROP_ARRIVALS,
  DROP_KEPT,
  KEEP,
  NEWEST_ARRIVALS,
  OLDEST_ARRIVALS,
  RING,
  TRIM_KEPT,
} from '../sql/journal.ts'

const RINGS: readonly Ring[] = ['verified', 'strangers']
// Rows dropped in one transaction.
const STEP = 1000
// After every id.
const NEWEST = '\u{10ffff}'

/** Makes the rings of deliveries. Writes are inside a transaction. */
export function createRings(
  main: Database,
  side: Database,
): Pick<Journaled, 'arrive' | 'trim' | 'trimKept' | 'arrivals' | 'arrival'> {
  const add = main.prepare(ADD_ARRIVAL)
  const count = main.prepare(COUNT_RING)
  const total = main.prepare(RING)
  const oldest = main.prepare(OLDEST_ARRIVALS)
  const drop = main.prepare(DROP_ARRIVALS)
  const keep = main.prepare(KEEP)
  const trimKept = main.prepare(TRIM_KEPT)
  const dropKept = main.prepare(DROP_KEPT)
  const newest = side.prepare(NEWEST_ARRIVALS)
  const find = side.prepare(ARRIVAL)

  return {
    arrive(rows, lost) {
      const sums = RINGS.map(() => ({ rows: 0, bytes: 0 }))
      for (const { id, ring, at, data, kept } of rows) {
        const number = RINGS.indexOf(ring)
        if (add.run(number, id, Math.floor(at), data).changes === 0) continue
        sums[number]!.rows++
        sums[number]!.bytes += data.length
        if (kept) keep.run(id, kept.source, kept.head, kept.body)
      }
      for (const [ring, sum] of sums.entries()) {
        const dropped = ring === 0 ? lost : 0
        if (sum.rows + dropped > 0) count.run(sum.rows, sum.bytes, dropped, ring)
      }
    },
    trim(ring, bounds) {
      const number = RINGS.indexOf(ring)
      const sum = total.get(number) as { rows: number; bytes: number }
      const isOver = ({ at }: Old): boolean =>
        at < bounds.before || sum.rows > bounds.rows || sum.bytes > bounds.bytes
      // Most of the time nothing is over: the oldest row tells.
      const eldest = oldest.get(number, 1) as Old | undefined
      if (!eldest || !isOver(eldest)) return
      const before = { ...sum }
      let last = ''
      for (const row of oldest.all(number, STEP) as Old[]) {
        if (!isOver(row)) break
        last = row.id
        sum.rows--
        sum.bytes -= row.size
        dropKept.run(row.id)
      }
      drop.run(number, last)
      count.run(sum.rows - before.rows, sum.bytes - before.bytes, 0, number)
    },
    trimKept(sources) {
      for (const source of sources) trimKept.run(source, source)
    },
    arrivals: (before = NEWEST, limit) =>
      (newest.all(before, before, limit) as Row[]).map((row) => ({
        ...row,
        ring: RINGS[row.ring]!,
      })),
    arrival(id) {
      const row = find.get(id) as (Row & Kept) | undefined
      if (!row) return undefined
      const { ring, source, head, body, ...rest } = row
      return {
        ...rest,
        ring: RINGS[ring]!,
        ...(source !== null && { kept: { source, head, body } }),
      }
    },
  }
}

interface Old {
  readonly id: string
  readonly at: number
  readonly size: number
}

interface Row extends Omit<ArrivalRow, 'ring' | 'kept'> {
  readonly ring: number
}

interface Kept {
  readonly source: string | null
  readonly head: string
  readonly body: Uint8Array
}
