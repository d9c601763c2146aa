import type {
  ActionRow,
  ArrivalRow,
  Journaled,
  RecordRow,
  RecordRows,
  Ring,
  Span,
  SpanKey,
} from '@postern/core/engine'
import type { Database, Driver } from '../driver/driver.ts'
import type { Writer } from '../store/writer.ts'

const READS = ['arrivals', 'arrival', 'everySeries', 'spans', 'get', 'list']

/** Each write is a transaction. */
export function createJournaled(
  { main, side }: Pick<Driver, 'main' | 'side'>,
  writer: Pick<Writer, 'write'>,
  reading: <T>(query: () => T) => T,
): Journaled {
  return {
    ...ruled(createRings(main, side)),
    ...ruled(createSpans(main, side)),
    records: ruled(createRecordRows(main, side)),
  }

  function ruled<Parts extends object>(parts: Parts): Parts {
    const all = Object.entries(parts).map(
      ([name, run]: [string, (...args: unknown[]) => unknown]) => [
        name,
        (...args: unknown[]) =>
          READS.includes(name) ? reading(() => run(...args)) : writer.write(() => run(...args)),
      ],
    )
    return Object.fromEntries(all) as Parts
  }
}

const RINGS: readonly Ring[] = ['verified', 'strangers']
// Number of rows that one transaction drops.
const STEP = 1000
// A text that sorts after every id.
const NEWEST = '\u{10ffff}'

function createRings(
  main: Database,
  side: Database,
): Pick<Journaled, 'arrive' | 'trim' | 'trimKept' | 'arrivals' | 'arrival'> {
  const add = main.prepare(
    'INSERT INTO postern_arrivals (ring, id, at, data) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const count = main.prepare(
    'UPDATE postern_rings SET rows = rows + ?, bytes = bytes + ?, lost = lost + ? WHERE ring = ?',
  )
  const total = main.prepare('SELECT rows, bytes FROM postern_rings WHERE ring = ?')
  const oldest = main.prepare(
    'SELECT id, at, length(data) AS size FROM postern_arrivals WHERE ring = ? ORDER BY id LIMIT ?',
  )
  const drop = main.prepare('DELETE FROM postern_arrivals WHERE ring = ? AND id <= ?')
  const keep = main.prepare(
    'INSERT OR REPLACE INTO postern_kept (id, source, head, body) VALUES (?, ?, ?, ?)',
  )
  const trimKept = main.prepare(
    'DELETE FROM postern_kept WHERE source = ? AND id < (SELECT max(id) FROM postern_kept WHERE source = ?)',
  )
  const dropKept = main.prepare('DELETE FROM postern_kept WHERE id = ?')
  // SQLite reads each of the two rings (lists of deliveries) in its own order, and merges both.
  const newest =
    side.prepare(`SELECT ring, id, at, data FROM postern_arrivals WHERE ring = 0 AND id < ?
    UNION ALL SELECT ring, id, at, data FROM postern_arrivals WHERE ring = 1 AND id < ? ORDER BY id DESC LIMIT ?`)
  const find =
    side.prepare(`SELECT a.ring, a.id, a.at, a.data, k.source, k.head, k.body FROM postern_arrivals a
    LEFT JOIN postern_kept k ON k.id = a.id WHERE a.ring IN (0, 1) AND a.id = ?`)

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
      // Usually no row exceeds the bounds. The oldest row is enough to know that.
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
      const row = find.get(id) as
        | (Row & { source: string | null; head: string; body: Uint8Array })
        | undefined
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

// Maximum number of series. Above this number, new series are not counted, since senders influence the names of series
// (causes, codes).
const SERIES = 20_000
const DAY = 86_400_000
const SPANS = 64
const FIND_SPANS = `SELECT kind, at, data FROM postern_spans WHERE kind = ? AND at >= ? AND at < ? ORDER BY at LIMIT ${SPANS}`

function createSpans(
  main: Database,
  side: Database,
): Pick<
  Journaled,
  'series' | 'everySeries' | 'dropSeries' | 'merge' | 'spans' | 'rollUp' | 'dropSpans'
> {
  const findSeries = main.prepare('SELECT id, used FROM postern_series WHERE name = ?')
  const countSeries = main.prepare('SELECT count(*) AS n FROM postern_series')
  const addSeries = main.prepare('INSERT INTO postern_series (name, used) VALUES (?, ?)')
  const useSeries = main.prepare('UPDATE postern_series SET used = ? WHERE id = ?')
  const dropSeries = main.prepare('DELETE FROM postern_series WHERE used < ?')
  const everySeries = side.prepare('SELECT id, name FROM postern_series')
  const find = main.prepare('SELECT data FROM postern_spans WHERE kind = ? AND at = ?')
  const set = main.prepare(
    'INSERT INTO postern_spans (kind, at, data) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET data = excluded.data',
  )
  const oldest = main.prepare(FIND_SPANS)
  const drop = main.prepare('DELETE FROM postern_spans WHERE kind = ? AND at < ?')
  const spans = side.prepare(FIND_SPANS)

  return {
    series(names) {
      const today = Math.floor(Date.now() / DAY)
      const numbers = new Map<string, number>()
      let left: number | undefined
      for (const name of names) {
        const row = findSeries.get(name) as { id: number; used: number } | undefined
        left ??= row ? undefined : SERIES - (countSeries.get() as { n: number }).n
        if (!row && left! <= 0) continue
        if (row && row.used < today) useSeries.run(today, row.id)
        if (!row) left!--
        numbers.set(name, row?.id ?? Number(addSeries.run(name, today).lastInsertRowid))
      }
      return numbers
    },
    everySeries: () =>
      (everySeries.all() as { id: number; name: string }[]).map(
        ({ id, name }) => [id, name] as const,
      ),
    dropSeries: (before) => void dropSeries.run(before),
    merge(keys, change) {
      for (const key of keys) add(key, (data) => change(key, data))
    },
    spans: (kind, from, to) => spans.all(kind, Math.floor(from), Math.ceil(to)) as Span[],
    rollUp(kind, before, to, sum) {
      const rows = oldest.all(kind, 0, Math.floor(before)) as Span[]
      for (const { at, data } of rows) add(to(at), (known) => sum(known, data, at))
      const last = rows.at(-1)
      if (last) drop.run(kind, last.at + 1)
      return rows.length === SPANS
    },
    dropSpans: (kind, before) => void drop.run(kind, Math.floor(before)),
  }

  function add({ kind, at }: SpanKey, change: (data: Uint8Array | undefined) => Uint8Array): void {
    const row = find.get(kind, at) as { data: Uint8Array } | undefined
    set.run(kind, at, change(row?.data))
  }
}

function createRecordRows(main: Database, side: Database): RecordRows {
  const find = side.prepare('SELECT value, version FROM postern_records WHERE key = ?')
  // Node 22.13 cannot bind numbered parameters, so the prefix is passed three times.
  const range = side.prepare(
    'SELECT key, value, version FROM postern_records WHERE key >= ? AND substr(key, 1, length(?)) = ? ORDER BY key',
  )
  const add = main.prepare(
    'INSERT INTO postern_records (key, value, version) VALUES (?, ?, 1) ON CONFLICT DO NOTHING',
  )
  const change = main.prepare(
    'UPDATE postern_records SET value = ?, version = version + 1 WHERE key = ? AND version = ?',
  )
  const drop = main.prepare('DELETE FROM postern_records WHERE key = ? AND version = ?')

  return {
    get: (key) => find.get(key) as RecordRow | undefined,
    set: (key, value, expected) =>
      (expected === 0 ? add.run(key, value) : change.run(value, key, expected)).changes === 1,
    delete: (key, expected) => drop.run(key, expected).changes === 1,
    list: (prefix) => range.all(prefix, prefix, prefix) as (RecordRow & { readonly key: string })[],
  }
}

/** Creates `Rows.note`. Its statement is prepared at the first call, since most processes write no notes. */
export function createNote(db: Database): (rows: readonly ActionRow[]) => void {
  let write: ReturnType<Database['prepare']> | undefined
  return (rows) => {
    write ??= db.prepare(`INSERT INTO postern_records (key, value, version) VALUES (?, ?, 1)
      ON CONFLICT DO UPDATE SET value = excluded.value, version = version + 1`)
    for (const { key, value } of rows) write.run(key, value)
  }
}
