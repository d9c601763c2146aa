import { Buffer } from 'node:buffer'
import type { ArrivalRow, Journaled, RecordRow, Ring, Span, SpanKey } from '@postern/core/inbox'
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
import { ints, storable, texts } from '../sql/words.ts'
import type { Database } from '../store/connection.ts'
import { hashOf } from '../store/pack.ts'
import type { Row, Sql } from '../store/pg.ts'

/** Makes what the journal and the records are made of. */
export function createJournaled(db: Database, { deadline }: Settings): Journaled {
  const { sql } = db
  return {
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
      const [sum] = await sql(RING, [strangers])
      const { rows, bytes, oldest } = sum as { rows: number; bytes: number; oldest: number | null }
      if (rows <= bounds.rows && bytes <= bounds.bytes && (oldest ?? Infinity) >= bounds.before)
        return
      await sql(TRIM, [strangers, bounds.rows, bounds.bytes, Math.floor(bounds.before)])
    },
    async trimKept(sources) {
      await sql(TRIM_KEPT, [texts(sources.map(storable))])
    },
    arrivals: async (before, limit) =>
      (await sql(ARRIVALS, [before ?? null, limit])).map(toArrival),
    async arrival(id) {
      const [row] = await sql(ARRIVAL, [storable(id)])
      return row && toArrival(row)
    },
    async series(names) {
      const keys = new Map(names.map((name) => [hashOf('series', name), name]))
      // All processes take them in one order: no deadlocks.
      const sorted = [...keys.keys()].sort()
      const rows = await sql(SERIES, [
        `{${sorted.join()}}`,
        texts(sorted.map((key) => storable(keys.get(key)!))),
        Math.floor(Date.now() / 86_400_000),
      ])
      const numbers = new Map(rows.map((row) => [row['name'] as string, row['id'] as number]))
      return new Map(
        names.flatMap((name) => {
          const number = numbers.get(storable(name))
          return number === undefined ? [] : [[name, number] as const]
        }),
      )
    },
    everySeries: async () =>
      (await sql(EVERY_SERIES)).map((row) => [row['id'] as number, row['name'] as string] as const),
    async dropSeries(before) {
      await sql(DROP_SERIES, [before])
    },
    merge: (spans, change) =>
      db.atomic(deadline, async (within) => {
        for (const span of spans.toSorted((a, b) => a.at - b.at || (a.kind < b.kind ? -1 : 1)))
          await add(within, span, (data) => change(span, data))
      }),
    spans: async (kind, from, to) =>
      (await sql(SPANS, [kind, from, to])).map((row) => ({
        ...row,
        kind,
      })) as unknown as readonly Span[],
    rollUp: (kind, before, to, sum) =>
      db.atomic(deadline, async (within) => {
        const taken = (await within(TAKE_SPANS, [kind, before])) as unknown as readonly Span[]
        for (const { at, data } of taken) await add(within, to(at), (known) => sum(known, data))
        return taken.length === 64
      }),
    async dropSpans(kind, before) {
      await sql(DROP_SPANS, [kind, before])
    },
    records: {
      get: async (key) => (await sql(GET_RECORD, [key]))[0] as unknown as RecordRow | undefined,
      async set(key, value, expected) {
        const [row] = await (expected === 0
          ? sql(ADD_RECORD, [key, value])
          : sql(SET_RECORD, [key, value, expected]))
        return row!['n'] === 1
      },
      async delete(key, expected) {
        return (await sql(DELETE_RECORD, [key, expected]))[0]!['n'] === 1
      },
      list: async (prefix) =>
        (await sql(LIST_RECORDS, [prefix])) as unknown as readonly (RecordRow & { key: string })[],
    },
  }
}

async function add(
  sql: Sql,
  { kind, at }: SpanKey,
  change: (data: Uint8Array | undefined) => Uint8Array,
): Promise<void> {
  const [row] = await sql(SPAN, [kind, at])
  const known = row!['data'] as Uint8Array
  await sql(SET_SPAN, [kind, at, Buffer.from(change(known.length === 0 ? undefined : known))])
}

function toArrival(row: Row): ArrivalRow {
  const { id, at, data, source, head, body } = row as {
    readonly id: string
    readonly at: number
    readonly data: string
    readonly source?: string | null
    readonly head?: string
    readonly body?: Uint8Array
  }
  const ring: Ring = row['strangers'] === true ? 'strangers' : 'verified'
  return {
    id,
    ring,
    at,
    data,
    ...(source != null && { kept: { source, head: head!, body: body! } }),
  }
}
