import {
  countKey,
  countsOf,
  createBuckets,
  gaugeCounts,
  gaugeKey,
  type SeriesKey,
} from '../../history/buckets.ts'
import { addMinutes } from '../../history/minute-pack.ts'
import type { Bucket, HistoryRange, MinuteCount, MinuteGauge } from '../../journal.ts'
import { createSpans } from './spans.ts'

/** Counts and gauges by minute, in bytes; by hour once they are two days old. */
export interface History {
  count(minute: MinuteCount): void
  gauge(minute: MinuteGauge): void
  /** Packs and drops what is old at a time in milliseconds since 1970. */
  expire(now: number): void
  read(range: HistoryRange): readonly Bucket[]
  /** Bytes that are packed. */
  readonly bytes: number
}

/** Makes a {@link History}. `keep` is in milliseconds. */
export function createHistory(keep: number): History {
  const series = createNumbers()
  const counts = createSpans(keep, addMinutes)
  // The last gauge counts.
  const gauges = createSpans(keep, (all) => new Map(all.flatMap((minute) => [...minute])))

  return {
    count: (one) => counts.put(one.minute, series.of(countKey(one)), countsOf(one)),
    gauge: (one) => gauges.put(one.minute, series.of(gaugeKey(one)), gaugeCounts(one)),
    expire(now) {
      counts.expire(now)
      gauges.expire(now)
    },
    read(range) {
      const buckets = createBuckets(range)
      const wanted = series.all.map((key) => buckets.wants(key))
      const spans = range.kind === 'gauge' ? gauges : counts
      for (const [start, minute] of spans.between(range.from, range.to))
        for (const [number, its] of minute)
          if (wanted[number]) buckets.add(start, series.all[number]!, its)
      return buckets.all()
    },
    get bytes() {
      return counts.bytes + gauges.bytes
    },
  }
}

/** A number for each series, since a row that repeats its name has twice the bytes. */
function createNumbers(): { of(key: SeriesKey): number; readonly all: readonly SeriesKey[] } {
  const known = new Map<string, number>()
  const all: SeriesKey[] = []
  return {
    all,
    of(key) {
      const name = JSON.stringify(key)
      let number = known.get(name)
      if (number === undefined) known.set(name, (number = all.push(key) - 1))
      return number
    },
  }
}
