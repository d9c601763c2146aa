import type {
  ArrivalRow,
  Journaled,
  Ring,
  Span,
  SpanKey,
  SpanKind,
} from '../engine/journal/store.ts'
import type { Rows } from '../engine/store.ts'
import type { MemorySettings } from './settings.ts'

const SERIES = 20_000
// Spans of one answer.
const SPANS = 64
const DAY = 86_400_000

/** Makes what the journal and the records are made of. */
export function createJournaled({
  maxDeliveries,
}: Pick<MemorySettings, 'maxDeliveries'>): Journaled & Pick<Rows, 'note'> {
  const rings = { verified: createRing(), strangers: createRing() }
  const series = new Map<string, { readonly number: number; day: number }>()
  const spans: Record<SpanKind, Map<number, Uint8Array>> = {
    minute: new Map(),
    hour: new Map(),
    gauge: new Map(),
    'hour-gauge': new Map(),
  }
  const records = new Map<string, { readonly value: string; readonly version: number }>()
  let numbers = 0
  let versions = 0
  const isAt = (key: string, version: number): boolean =>
    (records.get(key)?.version ?? 0) === version
  const set = (key: string, value: string): void =>
    void records.set(key, { value, version: ++versions })

  return {
    arrive(rows) {
      for (const row of rows) rings[row.ring].add(row)
    },
    trim: (ring, bounds) =>
      rings[ring].trim({ ...bounds, rows: Math.min(bounds.rows, maxDeliveries) }),
    trimKept(sources) {
      const wanted = new Set(sources)
      for (const ring of Object.values(rings)) ring.trimKept(wanted)
    },
    arrivals(before, limit) {
      const all = (Object.keys(rings) as Ring[]).flatMap((ring) => rings[ring].page(before, limit))
      return all
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map(({ kept: _kept, ...row }) => row)
    },
    arrival: (id) => rings.verified.find(id) ?? rings.strangers.find(id),
    series(names) {
      const day = Math.floor(Date.now() / DAY)
      const found = new Map<string, number>()
      for (const name of names) {
        const known = series.get(name)
        if (known) known.day = day
        else if (series.size < SERIES) series.set(name, { number: ++numbers, day })
        const row = series.get(name)
        if (row) found.set(name, row.number)
      }
      return found
    },
    everySeries: () => Array.from(series, ([name, { number }]) => [number, name] as const),
    dropSeries(before) {
      for (const [name, { day }] of series) if (day < before) series.delete(name)
    },
    merge(wanted, change) {
      for (const span of wanted)
        spans[span.kind].set(span.at, change(span, spans[span.kind].get(span.at)))
    },
    spans: (kind, from, to) => oldest(kind, (at) => at >= from && at < to),
    rollUp(kind, before, to, add) {
      const taken = oldest(kind, (at) => at < before)
      for (const { at, data } of taken) {
        const sum = to(at)
        spans[kind].delete(at)
        spans[sum.kind].set(sum.at, add(spans[sum.kind].get(sum.at), data, at))
      }
      return taken.length === SPANS
    },
    dropSpans(kind, before) {
      for (const at of spans[kind].keys()) if (at < before) spans[kind].delete(at)
    },
    records: {
      get: (key) => records.get(key),
      set(key, value, expected) {
        if (!isAt(key, expected)) return false
        set(key, value)
        return true
      },
      delete: (key, expected) => isAt(key, expected) && records.delete(key),
      list: (prefix) =>
        [...records]
          .filter(([key]) => key.startsWith(prefix))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, row]) => ({ key, ...row })),
    },
    note(rows) {
      for (const { key, value } of rows) set(key, value)
    },
  }

  function oldest(kind: SpanKind, fits: (at: SpanKey['at']) => boolean): readonly Span[] {
    return [...spans[kind]]
      .filter(([at]) => fits(at))
      .sort(([a], [b]) => a - b)
      .slice(0, SPANS)
      .map(([at, data]) => ({ kind, at, data }))
  }
}

/** Deliveries of one kind, in the order of their ids. */
function createRing() {
  let rows: ArrivalRow[] = []
  // Rows before this place were dropped: to move all of them for each new one would cost more than the rest.
  let first = 0
  let bytes = 0

  return {
    add(row: ArrivalRow): void {
      const at = placeOf(row.id)
      if (rows[at]?.id === row.id) return
      // Several receivers write in batches of their own, so that one may come a second late.
      if (at === rows.length) rows.push(row)
      else rows.splice(at, 0, row)
      bytes += sizeOf(row)
    },
    trim(bounds: Parameters<Journaled['trim']>[1]): void {
      const isOver = (): boolean =>
        rows.length - first > bounds.rows || bytes > bounds.bytes || rows[first]!.at < bounds.before
      while (first < rows.length && isOver()) bytes -= sizeOf(rows[first++]!)
      if (first <= rows.length / 2) return
      rows = rows.slice(first)
      first = 0
    },
    /** Of each of these sources only the newest kept request stays. */
    trimKept(wanted: ReadonlySet<string>): void {
      const seen = new Set<string>()
      for (let at = rows.length - 1; at >= first; at--) {
        const { kept, ...row } = rows[at]!
        if (!kept || !wanted.has(kept.source)) continue
        if (!seen.has(kept.source)) seen.add(kept.source)
        else {
          bytes -= sizeOf(rows[at]!) - sizeOf(row)
          rows[at] = row
        }
      }
    },
    /** The newest rows before an id. */
    page(before: string | undefined, limit: number): readonly ArrivalRow[] {
      const end = before === undefined ? rows.length : placeOf(before)
      return rows.slice(Math.max(first, end - limit), end)
    },
    find(id: string): ArrivalRow | undefined {
      const row = rows[placeOf(id)]
      return row?.id === id ? row : undefined
    },
  }

  /** The place of the first row whose id is not below. */
  function placeOf(id: string): number {
    let [from, to] = [first, rows.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (rows[middle]!.id < id) from = middle + 1
      else to = middle
    }
    return from
  }
}

function sizeOf({ data, kept }: ArrivalRow): number {
  return data.length + (kept ? kept.head.length + kept.body.length : 0)
}
