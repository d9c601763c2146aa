import { Buffer } from 'node:buffer'
import {
  storable,
  createSpanSums,
  readArrival,
  checkRecordKey,
  hashOf,
  type Journaled,
  type RecordRow,
  type Span,
  type StoredArrival,
} from '@postern/core/engine'
import type { Settings } from '../settings.ts'
import {
  ADD_RECORD,
  ARRIVAL,
  ARRIVALS,
  ARRIVE,
  DELETE_RECORD,
  DROP_SERIES,
  DROP_SPANS,
  EVERY_SERIES,
  GET_RECORD,
  LIST_RECORDS,
  RING,
  SERIES,
  SET_RECORD,
  SET_SPAN,
  SPAN,
  SPANS,
  TAKE_SPANS,
  TRIM,
  TRIM_KEPT,
} from '../sql/journal.ts'
import { ints, texts } from '../sql/lines.ts'
import type { Database } from '../store/connection.ts'
import { readNumber, readRow, type Sql } from '../store/pg.ts'

const NAME = 'postgresInbox'

export function createJournaled(db: Database, { deadline }: Settings): Journaled {
  const { sql } = db
  return {
    ...createSpanSums<Sql>((run) => db.atomic(deadline, run), {
      lock: async (within, { kind, at }) =>
        (await readRow(within<Pick<Span, 'data'>>(SPAN, [kind, at]))).data,
      set: (within, { kind, at }, data) => within(SET_SPAN, [kind, at, Buffer.from(data)]),
      take: (within, kind, before) => within<Span>(TAKE_SPANS, [kind, before]),
    }),
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
    async trim(ring, bounds) {
      const strangers = ring === 'strangers'
      const { rows, bytes, oldest } = await readRow(sql<Sum>(RING, [strangers]))
      if (rows <= bounds.rows && bytes <= bounds.bytes && (oldest ?? Infinity) >= bounds.before)
        return
      await sql(TRIM, [strangers, bounds.rows, bounds.bytes, Math.floor(bounds.before)])
    },
    async trimKept(sources) {
      await sql(TRIM_KEPT, [texts(sources.map(storable))])
    },
    arrivals: async (before, limit) =>
      (await sql<StoredArrival>(ARRIVALS, [before ?? null, limit])).map(readArrival),
    async arrival(id) {
      const [row] = await sql<StoredArrival>(ARRIVAL, [storable(id)])
      return row && readArrival(row)
    },
    async series(names) {
      const keys = new Map(names.map((name) => [hashOf('series', name), name]))
      // The names are sorted: if all processes add series in the same order, they do not deadlock.
      const sorted = [...keys.keys()].sort()
      const rows = await sql<{ id: number; name: string }>(SERIES, [
        `{${sorted.join()}}`,
        texts(sorted.map((key) => storable(keys.get(key)!))),
        Math.floor(Date.now() / 86_400_000),
      ])
      const numbers = new Map(rows.map(({ name, id }) => [name, id]))
      return new Map(
        names.flatMap((name) => {
          const number = numbers.get(storable(name))
          return number === undefined ? [] : [[name, number] as const]
        }),
      )
    },
    everySeries: async () =>
      (await sql<{ id: number; name: string }>(EVERY_SERIES)).map(({ id, name }) => [id, name]),
    async dropSeries(before) {
      await sql(DROP_SERIES, [before])
    },
    spans: async (kind, from, to) =>
      (await sql<Span>(SPANS, [kind, from, to])).map((row) => ({ ...row, kind })),
    async dropSpans(kind, before) {
      await sql(DROP_SPANS, [kind, before])
    },
    records: {
      get: async (key) => (await sql<RecordRow>(GET_RECORD, [checkRecordKey(NAME, 'key', key)]))[0],
      async set(key, value, expected) {
        checkRecordKey(NAME, 'key', key)
        const made = (): Promise<number> => readNumber(sql(ADD_RECORD, [key, value]))
        const changed = (): Promise<number> => readNumber(sql(SET_RECORD, [key, value, expected]))
        return (await (expected === 0 ? made() : changed())) === 1
      },
      delete: async (key, expected) =>
        (await readNumber(sql(DELETE_RECORD, [checkRecordKey(NAME, 'key', key), expected]))) === 1,
      list: (prefix) =>
        sql<RecordRow & { key: string }>(LIST_RECORDS, [checkRecordKey(NAME, 'prefix', prefix)]),
    },
  }
}

interface Sum {
  readonly rows: number
  readonly bytes: number
  readonly oldest: number | null
}
