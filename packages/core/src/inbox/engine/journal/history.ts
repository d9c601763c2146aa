import type { Bucket, HistoryRange, MinuteCount, MinuteGauge } from '../../journal.ts'
import {
  countKey,
  countsOf,
  createBuckets,
  DAY,
  floor,
  gaugeCounts,
  gaugeKey,
  HOUR,
  HOURS_KEPT,
  MINUTE,
  MINUTES_KEPT,
  seriesKey,
  type SeriesKey,
  addCounts,
  packMinute,
  SPAN_GONE,
  unpackMinute,
  type Counts,
  type Minute,
} from './buckets.ts'
import { type MaybePromise, chain } from '../../../basics/maybe.ts'
import type { UnreadTeller } from './records.ts'
import type { Access } from '../access.ts'
import type { Journaled, SpanKey, SpanKind } from './store.ts'
import { nextRound } from '../../../basics/deadline.ts'

/**
 * Counts and gauges by minute, and by hour once they are two days old. A gauge is the number of tasks at one moment.
 */
interface History {
  adds(
    minutes: readonly MinuteCount[],
    gauges: readonly MinuteGauge[],
  ): readonly (() => MaybePromise<void>)[]
  /**
   * Merges minutes older than two days into hours, and drops hours older than 30 days. Each call does one step. Once no
   * step is left, calls do nothing for a minute.
   */
  rollUp(now: number): Promise<void>
  read(range: HistoryRange): Promise<readonly Bucket[]>
}

interface Part {
  readonly minute: number
  readonly key: SeriesKey
  readonly counts: Counts
}

type Add = (one: Counts, later: Counts) => Counts

const SUM: Add = (one, later) => addCounts([one, later])
const KINDS = [
  { minute: 'minute', hour: 'hour', add: SUM },
  // Gauges are not added up: a span keeps its last one.
  { minute: 'gauge', hour: 'hour-gauge', add: (_, later) => later },
] as const satisfies readonly { minute: SpanKind; hour: SpanKind; add: Add }[]
// Maximum number of spans that `Journaled.spans` returns.
const STEP = 64

/**
 * Makes a {@link History}. A span (the stored counts of a minute or hour) that cannot be read is logged and left out.
 */
export function createHistory(store: Journaled, access: Access, unread: UnreadTeller): History {
  let rolled = -Infinity

  return {
    adds(minutes, gauges) {
      const counts = minutes.map((one) => ({
        minute: one.minute,
        key: countKey(one),
        counts: countsOf(one),
      }))
      const values = gauges.map((one) => ({
        minute: one.minute,
        key: gaugeKey(one),
        counts: gaugeCounts(one),
      }))
      return [
        ...(counts.length > 0 ? [() => put('minute', SUM, counts)] : []),
        ...(values.length > 0 ? [() => put('gauge', KINDS[1].add, values)] : []),
      ]
    },
    rollUp,
    async read(range) {
      const buckets = createBuckets(range)
      const all = await access.read(() => store.everySeries())
      const wanted = new Map(
        all.flatMap(([number, name]) => {
          const key = keyOf(number, name)
          return key && buckets.wants(key) ? [[number, key] as const] : []
        }),
      )
      const kinds = range.kind === 'gauge' ? KINDS[1] : KINDS[0]
      // Old history is stored by hour, newer history by minute.
      for (const [kind, width] of [
        [kinds.hour, HOUR],
        [kinds.minute, MINUTE],
      ] as const) {
        for (let from = buckets.first(width); ;) {
          const spans = await access.read(() => store.spans(kind, from, range.to))
          for (const { at, data } of spans) {
            from = at + width
            for (const [number, counts] of minuteOf({ kind, at }, data)) {
              const key = wanted.get(number)
              if (key) buckets.add(at, key, counts)
            }
          }
          if (spans.length < STEP) break
          await nextRound()
        }
      }
      return buckets.all()
    },
  }

  function put(kind: SpanKind, add: Add, parts: readonly Part[]): MaybePromise<void> {
    const names = [...new Set(parts.map(({ key }) => JSON.stringify(key)))]
    const spans = [...new Set(parts.map(({ minute }) => minute))].map((at) => ({ kind, at }))
    return chain(store.series(names), (numbers) =>
      store.merge(spans, (key, data) => {
        const { at } = key
        const span = new Map(data ? minuteOf(key, data) : [])
        for (const { minute, key: its, counts } of parts) {
          if (minute !== at) continue
          const number = numbers.get(JSON.stringify(its))
          if (number === undefined) continue
          const before = span.get(number)
          span.set(number, before ? add(before, counts) : counts)
        }
        return packMinute(span)
      }),
    )
  }

  async function rollUp(now: number): Promise<void> {
    if (performance.now() - rolled < MINUTE) return
    let more = false
    for (const { minute, hour, add } of KINDS) {
      const to = (at: number) => ({ kind: hour, at: floor(at, HOUR) })
      const found = await access.write(() =>
        store.rollUp(minute, now - MINUTES_KEPT, to, (sum, data, from) => {
          const span = new Map(sum ? minuteOf(to(from), sum) : [])
          for (const [number, counts] of minuteOf({ kind: minute, at: from }, data)) {
            const before = span.get(number)
            span.set(number, before ? add(before, counts) : counts)
          }
          return packMinute(span)
        }),
      )
      more ||= found
      await access.write(() => store.dropSpans(hour, now - HOURS_KEPT))
    }
    await access.write(() => store.dropSeries(Math.floor((now - HOURS_KEPT) / DAY)))
    if (!more) rolled = performance.now()
  }

  function minuteOf({ kind, at }: SpanKey, data: Uint8Array): Minute {
    const what = `the span ${kind} at ${at} of the history`
    return unread.or(() => unpackMinute(data), new Map(), what, SPAN_GONE)
  }

  function keyOf(number: number, name: string): SeriesKey | undefined {
    return unread.or(
      () => seriesKey(name),
      undefined,
      `the name of series ${number} of the history`,
      SPAN_GONE,
    )
  }
}
