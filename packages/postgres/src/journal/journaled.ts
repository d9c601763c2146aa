import { Buffer } from 'node:buffer'
import { createTableJournal, storable, type ActionRow, type Journaled } from '@postern/core/engine'
import type { Settings } from '../settings.ts'
import { ints, texts } from '../sql/lines.ts'
import { tableSql } from '../sql/table-sql.ts'
import type { Database } from '../store/connection.ts'
import type { Sql } from '../store/pg.ts'

export function createJournaled(db: Database, { deadline }: Settings): Journaled {
  const { sql } = db
  return createTableJournal(tableSql(sql), {
    inbox: 'postgresInbox',
    seriesHash: 'key',
    atomic: (run) => db.atomic(deadline, (within) => run(tableSql(within))),
    async addRecord(key, value) {
      const made = await sql(
        'INSERT INTO $.postern_records (key, value, version) VALUES ($1, $2, 1) ON CONFLICT DO NOTHING RETURNING 1',
        [key, value],
      )
      return made.length === 1
    },
    async arrive(rows, lost) {
      const bodies = rows.map(({ kept }) => kept?.body)
      let size = 0
      const starts = bodies.map((body) => {
        const start = size
        size += body?.length ?? 0
        return start
      })
      await sql(ARRIVE, [
        texts(rows.map(({ id }) => storable(id))),
        `{${rows.map(({ ring }) => ring === 'strangers').join()}}`,
        ints(rows.map(({ at }) => Math.floor(at))),
        texts(rows.map(({ data }) => data)),
        texts(rows.map(({ kept }) => kept && storable(kept.source))),
        texts(rows.map(({ kept }) => kept?.head)),
        ints(starts),
        Buffer.concat(bodies.filter((body) => body !== undefined)),
        ints(bodies.map((body) => body?.length ?? null)),
        lost,
      ])
    },
  })
}

// All bodies are joined to one parameter, which the statement splits by offsets.
const ARRIVE: string = `WITH i AS (
    INSERT INTO $.postern_arrivals (id, strangers, at, size, data, source, head, body)
    SELECT id, strangers, at, length(data) + coalesce(length(head), 0) + coalesce(b, 0) + 200, data, source, head,
      CASE WHEN b >= 0 THEN substring($8::bytea FROM st + 1 FOR b) END
    FROM unnest($1::text[], $2::boolean[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::int[], $9::int[])
      AS i(id, strangers, at, data, source, head, st, b)
    ON CONFLICT DO NOTHING RETURNING 1),
  l AS (UPDATE $.postern_schema SET lost = lost + $10::bigint WHERE $10::bigint > 0)
  SELECT count(*)::int AS n FROM i`

export async function noteActions(sql: Sql, rows: readonly ActionRow[]): Promise<void> {
  await sql(NOTE_RECORDS, [
    texts(rows.map(({ key }) => key)),
    texts(rows.map(({ value }) => storable(value))),
  ])
}

const NOTE_RECORDS: string = `WITH r AS (
    INSERT INTO $.postern_records AS r (key, value, version) SELECT k, v, 1 FROM unnest($1::text[], $2::text[]) AS i(k, v)
    ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, version = r.version + 1 RETURNING 1)
  SELECT count(*)::int AS n FROM r`
