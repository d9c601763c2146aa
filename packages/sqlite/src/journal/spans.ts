import type { Journaled, Span } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import {
  ADD_SERIES,
  COUNT_SERIES,
  DROP_SERIES,
  DROP_SPANS,
  EVERY_SERIES,
  FIND_SERIES,
  FIND_SPAN,
  SET_SPAN,
  SPANS,
  USE_SERIES,
} from '../sql/journal.ts'

// Names come from outside: causes and codes. Series beyond this number are not counted.
const MOST = 20_000
const DAY = 86_400_000
// Spans of one answer of SPANS.
const STEP = 64

/** Makes the history by minute and hour. Writes are inside a transaction. */
export function createSpans(
  main: Database,
  side: Database,
): Pick<
  Journaled,
  'series' | 'everySeries' | 'dropSeries' | 'merge' | 'spans' | 'rollUp' | 'dropSpans'
> {
  const findSeries = main.prepare(FIND_SERIES)
  const countSeries = main.prepare(COUNT_SERIES)
  const addSeries = main.prepare(ADD_SERIES)
  const useSeries = main.prepare(USE_SERIES)
  const dropSeries = main.prepare(DROP_SERIES)
  const everySeries = side.prepare(EVERY_SERIES)
  const find = main.prepare(FIND_SPAN)
  const set = main.prepare(SET_SPAN)
  const oldest = main.prepare(SPANS)
  const drop = main.prepare(DROP_SPANS)
  const spans = side.prepare(SPANS)

  return {
    series(names) {
      const today = Math.floor(Date.now() / DAY)
      const numbers = new Map<string, number>()
      let left: number | undefined
      for (const name of names) {
        const row = findSeries.get(name) as { id: number; used: number } | undefined
        left ??= row ? undefined : MOST - (countSeries.get() as { n: number }).n
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
      for (const key of keys) {
        const row = find.get(key.kind, key.at) as { data: Uint8Array } | undefined
        set.run(key.kind, key.at, change(key, row?.data))
      }
    },
    spans: (kind, from, to) => spans.all(kind, Math.floor(from), Math.ceil(to)) as Span[],
    rollUp(kind, before, to, add) {
      const rows = oldest.all(kind, 0, Math.floor(before)) as Span[]
      for (const { at, data } of rows) {
        const key = to(at)
        const row = find.get(key.kind, key.at) as { data: Uint8Array } | undefined
        set.run(key.kind, key.at, add(row?.data, data, at))
      }
      const last = rows.at(-1)
      if (last) drop.run(kind, last.at + 1)
      return rows.length === STEP
    },
    dropSpans: (kind, before) => void drop.run(kind, Math.floor(before)),
  }
}
