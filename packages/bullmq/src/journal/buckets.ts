import {
  createBuckets,
  DAY,
  floor,
  HOUR,
  MINUTE,
  MINUTES_KEPT,
  type Bucket,
  type HistoryRange,
  type SeriesKey,
} from '@postern/core/inbox'
import { seriesOf, spansOf, type HistoryContext, type SpanHash } from './history.ts'

/** The history of a range: of the last two days by minute, before that by hour. */
export async function bucketsOf(
  context: HistoryContext,
  range: HistoryRange,
): Promise<readonly Bucket[]> {
  const buckets = createBuckets(range)
  const { from, to } = range
  const gauge = range.kind === 'gauge'
  const border = Date.now() - MINUTES_KEPT
  // An hour at the border may be in minutes or in one piece.
  const early = Math.min(to, border + HOUR)
  for (let day = floor(from, DAY); day < early; day += DAY)
    await add(gauge ? 'hour-gauges' : 'hours', HOUR, day, await seriesOf(context, day))
  const first = floor(Math.max(from, border - 7 * DAY), HOUR)
  let day = NaN
  let keys: ReadonlyMap<number, SeriesKey> = new Map()
  for (let hour = first; hour < to && hour <= Date.now(); hour += HOUR) {
    if (floor(hour, DAY) !== day) keys = await seriesOf(context, (day = floor(hour, DAY)))
    await add(gauge ? 'gauges' : 'minutes', MINUTE, hour, keys)
  }
  return buckets.all()

  async function add(
    span: SpanHash,
    width: number,
    start: number,
    series: ReadonlyMap<number, SeriesKey>,
  ): Promise<void> {
    for (const [at, minute] of await spansOf(context, span, start)) {
      if (at < buckets.first(width) || at >= to) continue
      for (const [number, counts] of minute) {
        const key = series.get(number)
        if (key && buckets.wants(key)) buckets.add(at, key, counts)
      }
    }
  }
}
