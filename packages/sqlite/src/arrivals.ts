import { encodeKept, type Arrival } from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'

/** Writes deliveries into their rings. Inside a transaction. */
export interface Arrivals {
  add(arrived: readonly Arrival[], lost: number): void
  /** Drops rows beyond the bounds: few each time, since few were added. */
  trim(now: number): void
}

/** Bounds of a ring. */
interface Bounds {
  readonly rows: number
  readonly bytes: number
}

const MIB = 1024 * 1024
const DAY = 86_400_000
/** One ring for verified deliveries, one for the others: strangers fill only theirs. */
const RINGS: Readonly<Record<'arrivals' | 'strangers', Bounds>> = {
  arrivals: { rows: 100_000, bytes: 64 * MIB },
  strangers: { rows: 10_000, bytes: 16 * MIB },
}
const AGE = 30 * DAY
// Rows dropped in one transaction.
const STEP = 1000

/** Prepares the statements. */
export function createArrivals(db: Database): Arrivals {
  const rings = Object.entries(RINGS).map(([name, bounds]) => createRing(db, name, bounds))
  const keep = db.prepare(
    'INSERT OR REPLACE INTO postern_kept (id, source, head, body) VALUES (?, ?, ?, ?)',
  )
  const freeSlot = db.prepare('DELETE FROM postern_kept WHERE source = ?')

  return {
    add(arrived, lost) {
      for (const arrival of arrived) {
        const { kept, slot = `${arrival.receiver}\n${arrival.code ?? ''}`, ...row } = arrival
        rings[arrival.verified ? 0 : 1]!.add(row)
        if (!kept) continue
        const { head, body } = encodeKept(kept)
        freeSlot.run(slot)
        keep.run(arrival.id, slot, head, body)
      }
      for (const ring of rings) ring.count(ring === rings[0] ? lost : 0)
    },
    trim(now) {
      for (const ring of rings) ring.trim(now - AGE)
    },
  }
}

interface Ring {
  add(row: Omit<Arrival, 'kept'>): void
  /** Writes the counts. */
  count(lost: number): void
  trim(before: number): void
}

function createRing(db: Database, name: string, bounds: Bounds): Ring {
  const table = `postern_${name}`
  const insert = db.prepare(
    `INSERT INTO ${table} (id, at, size, data) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  )
  const update = db.prepare(
    'UPDATE postern_rings SET rows = rows + ?, bytes = bytes + ?, lost = lost + ? WHERE name = ?',
  )
  const total = db.prepare('SELECT rows, bytes FROM postern_rings WHERE name = ?')
  const oldest = db.prepare(`SELECT id, at, size FROM ${table} ORDER BY id LIMIT ${STEP}`)
  const eldest = db.prepare(`SELECT id, at, size FROM ${table} ORDER BY id LIMIT 1`)
  const drop = db.prepare(`DELETE FROM ${table} WHERE id <= ?`)
  const dropKept = db.prepare('DELETE FROM postern_kept WHERE id = ?')
  let rows = 0
  let bytes = 0

  return {
    add(row) {
      const data = JSON.stringify(row)
      if (insert.run(row.id, row.at, data.length, data).changes === 0) return
      rows++
      bytes += data.length
    },
    count(lost) {
      if (rows > 0 || lost > 0) update.run(rows, bytes, lost, name)
      rows = bytes = 0
    },
    trim(before) {
      const sum = total.get(name) as { rows: number; bytes: number }
      let last: string | undefined
      let gone = 0
      let less = 0
      // Most of the time nothing is over: the oldest row tells.
      const first = eldest.get() as RingRow | undefined
      if (!first || (first.at >= before && sum.rows <= bounds.rows && sum.bytes <= bounds.bytes))
        return
      for (const row of oldest.all() as readonly RingRow[]) {
        const over = sum.rows - gone > bounds.rows || sum.bytes - less > bounds.bytes
        if (!over && row.at >= before) break
        last = row.id
        gone++
        less += row.size
        dropKept.run(row.id)
      }
      if (last === undefined) return
      drop.run(last)
      update.run(-gone, -less, 0, name)
    },
  }
}

interface RingRow {
  readonly id: string
  readonly at: number
  readonly size: number
}
