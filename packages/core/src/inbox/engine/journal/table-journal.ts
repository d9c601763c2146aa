import { hashOf, storable } from '../server.ts'
import type { TableSql, WriteSql } from '../table-sql.ts'
import { DAY } from './history.ts'
import type { ArrivalRow, Journaled, RecordRow, Span, SpanKey, SpanKind } from './store.ts'

// Maximum number of series (counts of one kind over time). Further series are not counted, since their names (causes
// and codes) come from outside.
const SERIES = 20_000
// Maximum number of spans (the counts of a minute or hour) in one read.
const SPANS = 64

/** The parts of a journal that differ between database servers. */
interface OwnJournal extends Pick<Journaled, 'arrive'> {
  readonly inbox: string
  /** The column of `postern_series` that has the hash of a series name. */
  readonly seriesHash: string
  atomic<T>(run: (sql: TableSql) => Promise<T>): Promise<T>
  /** Adds a record. Returns false if its key exists. */
  addRecord(key: string, value: string): Promise<boolean>
}

/** Makes the journal and the records of a database server. */
export function createTableJournal(sql: TableSql, own: OwnJournal): Journaled {
  const { rows, change, add, drop } = sql
  const { inbox, seriesHash } = own
  return {
    arrive: (arrivals, lost) => own.arrive(arrivals, lost),
    async trim(ring, { rows: most, bytes, before }) {
      const its = `FROM $.postern_arrivals WHERE strangers = ${ring === 'strangers'}`
      const [sum] = await rows<Record<'count' | 'sum', number> & { oldest: number | null }>(
        () => `SELECT count(*) AS count, COALESCE(sum(size), 0) AS sum, min(at) AS oldest ${its}`,
      )
      const time = Math.floor(before)
      const isWithin = Number(sum!.count) <= most && Number(sum!.sum) <= bytes
      if (isWithin && Number(sum!.oldest ?? Infinity) >= time) return
      const old = await rows<{ id: string }>(
        ({ whole }) =>
          `SELECT o.id FROM (SELECT id, at, count(*) OVER w AS nth, sum(size) OVER w AS sum ${its}
             WINDOW w AS (ORDER BY id DESC ROWS UNBOUNDED PRECEDING)) o
           WHERE o.nth > ${whole(most)} OR o.sum > ${whole(bytes)} OR o.at < ${whole(time)} ORDER BY o.id LIMIT 1000`,
      )
      const ids = old.map(({ id }) => id)
      await drop('arrivals', ({ amongTexts }) => amongTexts('r.id', ids))
    },
    async trimKept(sources) {
      const old = await rows<{ id: string }>(
        ({ amongTexts }) =>
          `SELECT a.id FROM $.postern_arrivals a WHERE ${amongTexts('a.source', sources.map(storable))}
           AND EXISTS (SELECT 1 FROM $.postern_arrivals b WHERE b.source = a.source AND b.id > a.id)`,
      )
      const ids = old.map(({ id }) => id)
      if (ids.length > 0)
        await change(
          ({ amongTexts }) =>
            `UPDATE $.postern_arrivals SET source = NULL, head = NULL, body = NULL WHERE ${amongTexts('id', ids)}`,
        )
    },
    async arrivals(before, limit) {
      const found = await rows<StoredArrival>(
        ({ text, whole }) =>
          `SELECT id, strangers, at, data FROM $.postern_arrivals ${before === undefined ? '' : `WHERE id < ${text(before)}`} ORDER BY id DESC LIMIT ${whole(limit)}`,
      )
      return found.map(readArrival)
    },
    async arrival(id) {
      const [row] = await rows<StoredArrival>(
        ({ text }) =>
          `SELECT id, strangers, at, data, source, head, body FROM $.postern_arrivals WHERE id = ${text(id)}`,
      )
      return row && readArrival(row)
    },
    async series(names) {
      const day = Math.floor(Date.now() / DAY)
      const keys = new Map(names.map((name) => [hashOf('series', name), name]))
      let found = await find()
      if (found.length < keys.size) {
        const known = new Set(found.map(({ hash }) => hash))
        const [count] = await rows<{ n: number }>(
          () => 'SELECT count(*) AS n FROM $.postern_series',
        )
        // The names are sorted: if all processes add series in the same order, they do not deadlock.
        const fresh = [...keys]
          .filter(([key]) => !known.has(key))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, Math.max(0, SERIES - Number(count!.n)))
        for (const [key, name] of fresh)
          await add(
            'series',
            [seriesHash, 'name', 'day'],
            ({ hash, text, whole }) => `${hash(key)}, ${text(name)}, ${whole(day)}`,
          )
        found = await find()
      }
      const old = found.flatMap((row) => (row.day < day ? row.id : []))
      if (old.length > 0)
        await change(
          ({ whole, among }) =>
            `UPDATE $.postern_series SET day = ${whole(day)} WHERE ${among('id', old)}`,
        )
      return new Map(found.map(({ id, hash }) => [keys.get(hash)!, id]))

      async function find(): Promise<readonly SeriesRow[]> {
        const its = await rows<SeriesRow>(
          ({ amongHashes }) =>
            `SELECT r.id, r.${seriesHash} AS hash, r.day FROM $.postern_series r WHERE ${amongHashes(`r.${seriesHash}`, [...keys.keys()])}`,
        )
        return its.map((row) => ({ ...row, hash: row.hash.replaceAll('-', '') }))
      }
    },
    async everySeries() {
      const found = await rows<{ id: number; name: string }>(
        () => 'SELECT id, name FROM $.postern_series',
      )
      return found.map(({ id, name }) => [id, name])
    },
    async dropSeries(before) {
      const old = await rows<{ id: number }>(
        ({ whole }) => `SELECT id FROM $.postern_series WHERE day < ${whole(before)}`,
      )
      const ids = old.map(({ id }) => id)
      if (ids.length > 0) await drop('series', ({ among }) => among('r.id', ids))
    },
    merge: (spans, step) =>
      own.atomic(async (within) => {
        // All processes lock spans in the same order, so that they cannot deadlock.
        for (const span of spans.toSorted((a, b) => a.at - b.at || (a.kind < b.kind ? -1 : 1)))
          await addTo(within, span, (data) => step(span, data))
      }),
    rollUp: (kind, before, to, sum) =>
      own.atomic(async (within) => {
        const which: WriteSql = ({ number }) => `r.at < ${number(before)}`
        const taken = await spansOf(within, kind, which, 'FOR UPDATE SKIP LOCKED')
        const starts = taken.map(({ at }) => at)
        if (starts.length > 0) await dropSpans(within, kind, ({ among }) => among('r.at', starts))
        for (const { at, data } of taken)
          await addTo(within, to(at), (known) => sum(known, data, at))
        return taken.length === SPANS
      }),
    spans: (kind, from, to) =>
      spansOf(
        sql,
        kind,
        ({ number }) =>
          `r.at >= ${number(from)} ${Number.isFinite(to) ? `AND r.at < ${number(to)}` : ''}`,
      ),
    dropSpans: (kind, before) => dropSpans(sql, kind, ({ number }) => `r.at < ${number(before)}`),
    records: {
      async get(key) {
        checkRecordKey('key', key)
        const found = await rows<RecordRow>(
          ({ text }) =>
            `SELECT r.value, r.version FROM $.postern_records r WHERE r.key = ${text(key)}`,
        )
        return found[0]
      },
      async set(key, value, expected) {
        checkRecordKey('key', key)
        if (expected === 0) return own.addRecord(key, value)
        const changed = await change(
          ({ text, whole }) =>
            `UPDATE $.postern_records r SET value = ${text(value)}, version = r.version + 1 WHERE r.key = ${text(key)} AND r.version = ${whole(expected)}`,
        )
        return changed === 1
      },
      async delete(key, expected) {
        checkRecordKey('key', key)
        const dropped = await drop(
          'records',
          ({ text, whole }) => `r.key = ${text(key)} AND r.version = ${whole(expected)}`,
        )
        return dropped === 1
      },
      list(prefix) {
        checkRecordKey('prefix', prefix)
        return rows<RecordRow & { readonly key: string }>(
          ({ startsWith }) =>
            `SELECT r.key, r.value, r.version FROM $.postern_records r WHERE ${prefix === '' ? '1 = 1' : startsWith('r.key', prefix)} ORDER BY r.key`,
        )
      },
    },
  }

  function checkRecordKey(name: 'key' | 'prefix', text: string): void {
    if (storable(text) !== text)
      throw new TypeError(
        `${inbox}: records: ${name} must be text without U+0000 and without half of a surrogate pair; encode it, as JSON does`,
      )
  }
}

/** Locks a span, to which other processes also add, and replaces its bytes. Makes the span if it is missing. */
async function addTo(
  { add, rows, change, from }: TableSql,
  { kind, at }: SpanKey,
  step: (data: Uint8Array | undefined) => Uint8Array,
): Promise<void> {
  let known: { readonly bytes: Uint8Array } | undefined
  do {
    await add(
      'history',
      ['kind', 'at', 'data'],
      ({ text, whole, bytes }) => `${text(kind)}, ${whole(at)}, ${bytes(new Uint8Array())}`,
    )
    // If another process has deleted the span meanwhile, no row is found, and the loop repeats.
    ;[known] = await rows<{ bytes: Uint8Array }>(
      ({ text, whole }) =>
        `SELECT r.data AS bytes FROM ${from('history')} WHERE r.kind = ${text(kind)} AND r.at = ${whole(at)} FOR UPDATE`,
    )
  } while (!known)
  const data = step(known.bytes.length === 0 ? undefined : known.bytes)
  await change(
    ({ text, whole, bytes }) =>
      `UPDATE $.postern_history SET data = ${bytes(data)} WHERE kind = ${text(kind)} AND at = ${whole(at)}`,
  )
}

async function spansOf(
  { rows, from }: TableSql,
  kind: SpanKind,
  which: WriteSql,
  lock = '',
): Promise<readonly Span[]> {
  const found = await rows<{ at: number; bytes: Uint8Array }>(
    async (values) =>
      `SELECT r.at, r.data AS bytes FROM ${from('history')} WHERE r.kind = ${values.text(kind)} AND ${await which(values)} ORDER BY r.at LIMIT ${SPANS} ${lock}`,
  )
  return found.map(({ at, bytes }) => ({ kind, at: Number(at), data: bytes }))
}

async function dropSpans({ drop }: TableSql, kind: SpanKind, which: WriteSql): Promise<void> {
  await drop(
    'history',
    async (values) => `r.kind = ${values.text(kind)} AND ${await which(values)}`,
  )
}

interface SeriesRow {
  readonly id: number
  readonly hash: string
  readonly day: number
}

interface StoredArrival extends Omit<ArrivalRow, 'ring' | 'kept'> {
  readonly strangers: boolean
  readonly source?: string | null
  readonly head?: string
  readonly body?: Uint8Array
}

function readArrival({ source, head, body, strangers, at, ...row }: StoredArrival): ArrivalRow {
  return {
    ...row,
    at: Number(at),
    ring: strangers ? 'strangers' : 'verified',
    ...(source != null && { kept: { source, head: head!, body: body! } }),
  }
}
