import type { ActionRow, ArrivalRow, Journaled, RecordRows, SpanKey } from '@postern/core/engine'
import type { Tables } from './tables.ts'

const SERIES = 20_000
const SPANS = 64
const DAY = 86_400_000

export function createJournaled(tables: Tables): Journaled {
  const { arrivals, series, spans } = tables
  return {
    arrive(rows) {
      for (const row of rows) if (!arrivals.get(row.id)) arrivals.set(row.id, row)
    },
    trim(ring, bounds) {
      let rows = 0
      let bytes = 0
      for (const row of newest()) {
        if (row.ring !== ring) continue
        rows++
        bytes += row.data.length + (row.kept?.body.length ?? 0)
        if (rows > bounds.rows || bytes > bounds.bytes || row.at < bounds.before)
          arrivals.delete(row.id)
      }
    },
    trimKept(sources) {
      for (const source of sources)
        for (const { kept: _, ...row } of newest()
          .filter(({ kept }) => kept?.source === source)
          .slice(1))
          arrivals.set(row.id, row)
    },
    arrivals: (before, limit) =>
      newest()
        .filter(({ id }) => before === undefined || id < before)
        .slice(0, limit)
        .map(({ kept: _kept, ...row }) => row),
    arrival: (id) => arrivals.get(id),
    series(names) {
      const day = Math.floor(Date.now() / DAY)
      for (const name of names) {
        const known = series.get(name)
        if (known || series.all().length < SERIES)
          series.set(name, { number: known?.number ?? tables.next(), day })
      }
      return new Map(
        names.flatMap((name) => {
          const row = series.get(name)
          return row ? [[name, row.number] as const] : []
        }),
      )
    },
    everySeries: () => series.all().map(([name, { number }]) => [number, name] as const),
    dropSeries(before) {
      for (const [name, { day }] of series.all()) if (day < before) series.delete(name)
    },
    merge: (wanted, change) =>
      tables.transaction(() => {
        for (const span of wanted) put(span, change(span, spans.get(keyOf(span))?.data))
      }),
    spans: (kind, from, to) =>
      ofKind(kind)
        .filter(({ at }) => at >= from && at < to)
        .slice(0, SPANS),
    rollUp: (kind, before, to, add) =>
      tables.transaction(() => {
        const taken = ofKind(kind)
          .filter(({ at }) => at < before)
          .slice(0, SPANS)
        for (const span of taken) {
          spans.delete(keyOf(span))
          const sum = to(span.at)
          put(sum, add(spans.get(keyOf(sum))?.data, span.data, span.at))
        }
        return taken.length === SPANS
      }),
    dropSpans(kind, before) {
      for (const span of ofKind(kind)) if (span.at < before) spans.delete(keyOf(span))
    },
    records: createRecords(tables),
  }

  function newest(): readonly ArrivalRow[] {
    return arrivals.rows().toSorted((a, b) => (a.id < b.id ? 1 : -1))
  }

  function ofKind(kind: SpanKey['kind']) {
    return spans
      .rows()
      .filter((span) => span.kind === kind)
      .sort((a, b) => a.at - b.at)
  }

  function put({ kind, at }: SpanKey, data: Uint8Array): void {
    spans.set(keyOf({ kind, at }), { kind, at, data })
  }
}

export function noteRows({ records }: Tables, rows: readonly ActionRow[]): void {
  for (const { key, value } of rows)
    records.set(key, { value, version: (records.get(key)?.version ?? 0) + 1 })
}

function createRecords({ records }: Tables): RecordRows {
  const isAt = (key: string, version: number): boolean =>
    (records.get(key)?.version ?? 0) === version
  return {
    get: (key) => records.get(key),
    set(key, value, expected) {
      if (!isAt(key, expected)) return false
      records.set(key, { value, version: expected + 1 })
      return true
    },
    delete(key, expected) {
      if (!isAt(key, expected)) return false
      records.delete(key)
      return true
    },
    list: (prefix) =>
      records
        .all()
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, row]) => ({ key, ...row })),
  }
}

function keyOf({ kind, at }: SpanKey): string {
  return `${kind} ${at}`
}
