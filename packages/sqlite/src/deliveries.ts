import {
  checkDeliveryFilter,
  decodeKept,
  matchesDelivery,
  type Arrival,
  type DeliveryFilter,
  type Page,
} from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'

/** Reads deliveries. */
export interface Deliveries {
  /** Both rings in one order, newest first, in steps that do not hold the event loop. */
  page(filter: DeliveryFilter, also: (arrival: Arrival) => boolean): Promise<Page<Arrival>>
  one(id: string): Arrival | undefined
}

// Rows of one step.
const STEP = 256
// After every id.
const NEWEST = '\u{10ffff}'

/** Prepares the statements. */
export function createDeliveries(db: Database): Deliveries {
  const ring = (name: string): string => `SELECT id, at, data FROM postern_${name} WHERE id < ?`
  // Each ring is read in its own order, and SQLite merges them.
  const newest = db.prepare(
    `${ring('arrivals')} UNION ALL ${ring('strangers')} ORDER BY id DESC LIMIT ${STEP}`,
  )
  const find = db.prepare(
    `SELECT data FROM postern_arrivals WHERE id = ? UNION ALL SELECT data FROM postern_strangers WHERE id = ?`,
  )
  const kept = db.prepare('SELECT head, body FROM postern_kept WHERE id = ?')

  return {
    async page(filter, also) {
      const { limit, budget, cursor } = checkDeliveryFilter(filter)
      const matches = matchesDelivery(filter)
      const until = performance.now() + budget
      const rows: Arrival[] = []
      let after = cursor ?? NEWEST
      for (;;) {
        const step = newest.all(after, after) as unknown as RingRow[]
        for (const { id, at, data } of step) {
          if (filter.since !== undefined && at < filter.since) return ended(rows)
          const { replyBody: _, ...arrival } = JSON.parse(data) as Arrival
          if (also(arrival) && matches(arrival)) {
            if (rows.length === limit) return { rows, cursor: after, searchedTo: rows.at(-1)!.at }
            rows.push(arrival)
          }
          after = id
        }
        if (step.length < STEP) return ended(rows)
        if (performance.now() >= until) return { rows, cursor: after, searchedTo: step.at(-1)!.at }
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    },
    one(id) {
      const row = find.get(id, id) as { data: string } | undefined
      if (!row) return undefined
      const request = kept.get(id) as { head: string; body: Uint8Array } | undefined
      const arrival = JSON.parse(row.data) as Arrival
      return request ? { ...arrival, kept: decodeKept(request.head, request.body) } : arrival
    },
  }
}

function ended(rows: readonly Arrival[]): Page<Arrival> {
  return { rows, cursor: undefined, searchedTo: undefined }
}

interface RingRow {
  readonly id: string
  readonly at: number
  readonly data: string
}
