import {
  createSpanSums,
  readArrival,
  checkRecordKey,
  hashOf,
  type Journaled,
  type RecordRow,
  type StoredArrival,
} from '@postern/core/engine'
import type { Settings } from '../settings.ts'
import { deleteRows, hexes, idsOf, list, literal } from '../sql/lines.ts'
import type { Database, Sql, Value } from '../store/connection.ts'
import { insertRows } from '../store/insert.ts'

const NAME = 'mysqlInbox'
// Maximum number of series. Their names come from outside, as causes and codes, so further series are not counted.
const SERIES = 20_000
const SPANS = 64
const DAY = 86_400_000

const ARRIVALS = {
  head: 'INSERT INTO $.postern_arrivals (id, strangers, at, size, data, source, head, body)',
  row: '?,?,?,?,?,?,?,?',
  tail: 'ON DUPLICATE KEY UPDATE id = id',
}

export function createJournaled(db: Database, { deadline }: Settings): Journaled {
  return {
    ...createSpanSums<Sql>((run) => db.atomic(deadline, run), {
      async lock(sql, { kind, at }) {
        await sql.run(
          `INSERT INTO $.postern_history (kind, at, data) VALUES ('${kind}', ${at}, '') ON DUPLICATE KEY UPDATE kind = kind`,
        )
        const [row] = await sql.rows<StoredSpan>(
          `SELECT data AS bytes FROM $.postern_history FORCE INDEX (PRIMARY) WHERE kind = '${kind}' AND at = ${at} FOR UPDATE`,
        )
        return row!.bytes
      },
      set(sql, { kind, at }, data) {
        const text = 'UPDATE $.postern_history SET data = ? WHERE kind = ? AND at = ?'
        return sql.run(text, [data, kind, at])
      },
      async take(sql, kind, before) {
        const rows = await sql.rows<StoredSpan>(
          `SELECT at, data AS bytes FROM $.postern_history FORCE INDEX (PRIMARY) WHERE kind = '${kind}' AND at < ${before} ORDER BY at LIMIT ${SPANS} FOR UPDATE SKIP LOCKED`,
        )
        const starts = list(rows.map(({ at }) => at))
        await deleteRows(sql, 'history', 'at', starts, `AND r.kind = '${kind}'`)
        return rows.map(({ at, bytes }) => ({ at, data: bytes }))
      },
    }),
    arrive: (rows, lost) =>
      db.atomic(deadline, async (sql) => {
        const all = rows
          .toSorted((a, b) => (a.id < b.id ? -1 : 1))
          .map(({ id, ring, at, data, kept }): Value[] => [
            id,
            ring === 'strangers' ? 1 : 0,
            Math.floor(at),
            data.length + (kept ? kept.head.length + kept.body.length : 0) + 200,
            data,
            ...(kept ? [kept.source, kept.head, kept.body] : [null, null, null]),
          ])
        await insertRows(sql, ARRIVALS, all)
        if (lost > 0)
          await sql.run(`UPDATE $.postern_schema SET lost = lost + ${lost} WHERE id = 1`)
      }),
    async trim(ring, { rows: most, bytes, before }) {
      const its = `FROM $.postern_arrivals WHERE strangers = ${ring === 'strangers' ? 1 : 0}`
      const [sum] = await db.rows<{ count: number; sum: number; oldest: number | null }>(
        `SELECT COUNT(*) AS count, COALESCE(SUM(size), 0) AS sum, MIN(at) AS oldest ${its}`,
      )
      const time = Math.floor(before)
      if (sum!.count <= most && sum!.sum <= bytes && (sum!.oldest ?? Infinity) >= time) return
      const old = await db.rows<{ id: string }>(
        `SELECT o.id FROM (SELECT id, at, COUNT(*) OVER w AS nth, SUM(size) OVER w AS sum ${its}
           WINDOW w AS (ORDER BY id DESC ROWS UNBOUNDED PRECEDING)) o
         WHERE o.nth > ${most} OR o.sum > ${bytes} OR o.at < ${time} ORDER BY o.id LIMIT 1000`,
      )
      await deleteRows(db, 'arrivals', 'id', texts(old.map(({ id }) => id)))
    },
    async trimKept(sources) {
      const rows = await db.rows<{ id: string }>(
        `SELECT a.id FROM $.postern_arrivals a WHERE a.source IN (${texts(sources)}) AND EXISTS (
           SELECT 1 FROM $.postern_arrivals b WHERE b.source = a.source AND b.id > a.id)`,
      )
      if (rows.length > 0)
        await db.run(
          `UPDATE $.postern_arrivals FORCE INDEX (PRIMARY) SET source = NULL, head = NULL, body = NULL WHERE id IN (${texts(rows.map(({ id }) => id))})`,
        )
    },
    async arrivals(before, limit) {
      const rows = await db.rows<StoredArrival>(
        `SELECT id, strangers, at, data FROM $.postern_arrivals ${before === undefined ? '' : `WHERE id < ${literal(before)}`} ORDER BY id DESC LIMIT ${limit}`,
      )
      return rows.map(readArrival)
    },
    async arrival(id) {
      const [row] = await db.rows<StoredArrival>('SELECT * FROM $.postern_arrivals WHERE id = ?', [
        id,
      ])
      return row && readArrival(row)
    },
    async series(names) {
      const day = Math.floor(Date.now() / DAY)
      const keys = new Map(names.map((name) => [hashOf('series', name), name]))
      const read = (): Promise<readonly { id: number; hash: string; day: number }[]> =>
        db.rows(
          `SELECT id, hash, day FROM $.postern_series WHERE hash IN (${hexes([...keys.keys()])})`,
        )
      let rows = await read()
      if (rows.length < keys.size) {
        const known = new Set(rows.map(({ hash }) => hash))
        const [count] = await db.rows('SELECT COUNT(*) AS n FROM $.postern_series')
        // The names are sorted: if all processes add series in the same order, they do not deadlock.
        const fresh = [...keys]
          .filter(([key]) => !known.has(key))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, Math.max(0, SERIES - count!.n))
        if (fresh.length > 0)
          await db.run(
            `INSERT INTO $.postern_series (hash, name, day) VALUES ${fresh.map(([key, name]) => `(x'${key}',${literal(name)},${day})`).join()} ON DUPLICATE KEY UPDATE hash = hash`,
          )
        rows = await read()
      }
      const old = rows.flatMap((row) => (row.day < day ? row.id : []))
      if (old.length > 0)
        await db.run(`UPDATE $.postern_series SET day = ${day} WHERE id IN (${list(old)})`)
      return new Map(rows.map(({ id, hash }) => [keys.get(hash)!, id]))
    },
    async everySeries() {
      const rows = await db.rows<{ id: number; name: string }>(
        'SELECT id, name FROM $.postern_series',
      )
      return rows.map(({ id, name }) => [id, name])
    },
    async dropSeries(before) {
      const old = await db.rows(`SELECT id FROM $.postern_series WHERE day < ${before}`)
      await deleteRows(db, 'series', 'id', idsOf(old))
    },
    async spans(kind, from, to) {
      const rows = await db.rows<StoredSpan>(
        `SELECT at, data AS bytes FROM $.postern_history WHERE kind = '${kind}' AND at >= ${from} ${Number.isFinite(to) ? `AND at < ${to}` : ''} ORDER BY at LIMIT ${SPANS}`,
      )
      return rows.map(({ at, bytes }) => ({ kind, at, data: bytes }))
    },
    async dropSpans(kind, before) {
      await db.run(`DELETE FROM $.postern_history WHERE kind = '${kind}' AND at < ${before}`)
    },
    records: {
      async get(key) {
        const text = 'SELECT value, version FROM $.postern_records WHERE `key` = ?'
        return (await db.rows<RecordRow>(text, [checkRecordKey(NAME, 'key', key)]))[0]
      },
      async set(key, value, expected) {
        checkRecordKey(NAME, 'key', key)
        if (expected > 0) {
          const done = await db.run(
            'UPDATE $.postern_records SET value = ?, version = version + 1 WHERE `key` = ? AND version = ?',
            [value, key, expected],
          )
          return done!.changed === 1
        }
        const add = 'INSERT INTO $.postern_records (`key`, value, version) VALUES (?, ?, 1)'
        try {
          await db.run(add, [key, value])
          return true
        } catch (error) {
          if ((error as { readonly errno?: unknown }).errno === DUPLICATE) return false
          throw error
        }
      },
      async delete(key, expected) {
        const drop = 'DELETE FROM $.postern_records WHERE `key` = ? AND version = ?'
        const done = await db.run(drop, [checkRecordKey(NAME, 'key', key), expected])
        return done!.changed === 1
      },
      list(prefix) {
        const start = literal(checkRecordKey(NAME, 'prefix', prefix))
        return db.rows<RecordRow & { key: string }>(
          `SELECT \`key\`, value, version FROM $.postern_records
           WHERE ${prefix === '' ? '1 = 1' : `\`key\` >= ${start} AND LEFT(\`key\`, LENGTH(${start})) = ${start}`} ORDER BY \`key\``,
        )
      },
    },
  }
}

interface StoredSpan {
  readonly at: number
  readonly bytes: Buffer
}

const DUPLICATE = 1062

function texts(values: readonly string[]): string {
  return values.map(literal).join() || 'NULL'
}
