import { type MaybePromise, chain } from '../../../basics/maybe.ts'
import { nextRound } from '../../../basics/deadline.ts'
import { unknownOptions } from '../../../basics/unknown-options.ts'
import { addHistograms, type Histogram } from '../../../observe/journal-buffer.ts'
import type { Bucket, CountKind, HistoryRange, MinuteCount, MinuteGauge } from '../../journal.ts'
import type { Access } from '../access.ts'
import type { UnreadTeller } from './records.ts'
import type { Journaled, SpanKey, SpanKind } from './store.ts'

/** Widths of spans of time in the history, in milliseconds. */
export const MINUTE = 60_000
export const HOUR: number = 60 * MINUTE
export const DAY: number = 24 * HOUR
/** How long minutes are kept before they are merged into hours, in milliseconds. */
const MINUTES_KEPT: number = 2 * DAY
const HOURS_KEPT: number = 30 * DAY

/**
 * The name of a series: counts of one kind over time. `by` and `value` are null for gauges, and `subscription` is null
 * for deliveries.
 */
type SeriesKey = readonly [
  kind: CountKind | 'gauge',
  by: string | null,
  value: string | null,
  receiver: string,
  subscription: string | null,
]

/** Counts and gauges by minute, and by hour after two days. A gauge is the number of tasks at one moment. */
interface History {
  /** Returns the writes. A stored gauge has pending tasks in `count`, running ones in `sum` and dead ones in `max`. */
  adds(
    minutes: readonly MinuteCount[],
    gauges: readonly MinuteGauge[],
  ): readonly (() => MaybePromise<void>)[]
  /**
   * Merges minutes older than two days into hours, and drops hours older than 30 days. Each call does one step. After
   * the last step, calls do nothing for a minute.
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
  // Gauges are not added up: a span keeps only its last gauge.
  { minute: 'gauge', hour: 'hour-gauge', add: (_, later) => later },
] as const satisfies readonly { minute: SpanKind; hour: SpanKind; add: Add }[]
// Maximum number of spans that `Journaled.spans` returns.
const STEP = 64

/** A span (the stored counts of a minute or hour) that cannot be read is logged and left out. */
export function createHistory(store: Journaled, access: Access, unread: UnreadTeller): History {
  let rolled = -Infinity

  return {
    adds(minutes, gauges) {
      const counts = minutes.map(
        ({ minute, receiver, subscription, kind, by, value, ...its }): Part => ({
          minute,
          key: [kind, by, value, receiver, subscription ?? null],
          counts: its,
        }),
      )
      const values = gauges.map((one): Part => {
        const { minute, receiver, subscription, pending, running, dead, oldestDueAt: oldest } = one
        // Counts and gauges are stored in the same form. For a gauge, the histogram has one entry: the oldest due time.
        const histogram: Histogram =
          oldest === undefined ? [] : [[0, Math.max(0, Math.floor(oldest))]]
        return {
          minute,
          key: ['gauge', null, null, receiver, subscription],
          counts: { count: pending, sum: running, max: dead, histogram },
        }
      })
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
        const its = parts.flatMap(({ minute, key: series, counts }) => {
          const number = minute === key.at ? numbers.get(JSON.stringify(series)) : undefined
          return number === undefined ? [] : ([[number, counts]] as const)
        })
        return sum(key, data, its, add)
      }),
    )
  }

  async function rollUp(now: number): Promise<void> {
    if (performance.now() - rolled < MINUTE) return
    let more = false
    for (const { minute, hour, add } of KINDS) {
      const to = (at: number) => ({ kind: hour, at: floor(at, HOUR) })
      const found = await access.write(() =>
        store.rollUp(minute, now - MINUTES_KEPT, to, (known, data, at) =>
          sum(to(at), known, minuteOf({ kind: minute, at }, data), add),
        ),
      )
      more ||= found
      await access.write(() => store.dropSpans(hour, now - HOURS_KEPT))
    }
    await access.write(() => store.dropSeries(Math.floor((now - HOURS_KEPT) / DAY)))
    if (!more) rolled = performance.now()
  }

  /** Adds counts to the bytes of a span. `known` is undefined for a new span. */
  function sum(
    key: SpanKey,
    known: Uint8Array | undefined,
    counts: Iterable<readonly [series: number, counts: Counts]>,
    add: Add,
  ): Uint8Array {
    const span = new Map(known ? minuteOf(key, known) : [])
    for (const [series, its] of counts) {
      const before = span.get(series)
      span.set(series, before ? add(before, its) : its)
    }
    return packMinute(span)
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

const KEYS = ['from', 'to', 'step', 'receiver', 'subscription', 'kind', 'by']
// Maximum number of steps in one result. A step is `range.step` milliseconds wide.
const MOST_STEPS = 10_000

interface Cell {
  readonly from: number
  readonly key: SeriesKey
  counts: Counts
}

/**
 * Makes the buckets of a range. A span (the stored counts of a minute or hour) that is partly in the range counts in
 * full.
 */
function createBuckets(range: HistoryRange) {
  checkRange(range)
  const { from, step, kind = 'delivery', by = 'outcome', receiver, subscription } = range
  const gauge = kind === 'gauge'
  const cells = new Map<string, Cell>()
  return {
    wants: ([itsKind, itsBy, , itsReceiver, itsSubscription]: SeriesKey): boolean =>
      itsKind === kind &&
      (gauge || itsBy === by) &&
      (receiver === undefined || receiver === itsReceiver) &&
      (subscription === undefined || subscription === itsSubscription),
    first: (width: number): number => floor(from, width),
    /** Adds the counts of a wanted series in the span that starts at `at`. Spans must be added oldest first. */
    add(at: number, key: SeriesKey, counts: Counts): void {
      const start = from + floor(Math.max(0, at - from), step)
      const name = `${start} ${JSON.stringify(key)}`
      const known = cells.get(name)
      if (!known) cells.set(name, { from: start, key, counts })
      else known.counts = gauge ? counts : addCounts([known.counts, counts])
    },
    all: (): readonly Bucket[] =>
      [...cells.values()].sort((one, other) => one.from - other.from).map(toBucket),
  }
}

/** Returns the start of the span of `width` that contains `time`, all in milliseconds. */
export function floor(time: number, width: number): number {
  return time - (time % width)
}

function seriesKey(name: string): SeriesKey {
  const key = JSON.parse(name) as unknown
  if (!Array.isArray(key) || key.length !== 5)
    throw new TypeError('seriesKey: this is not a series')
  return key as unknown as SeriesKey
}

function toBucket({ from, key, counts }: Cell): Bucket {
  const [kind, by, value, receiver, subscription] = key
  if (kind !== 'gauge')
    return {
      from,
      receiver,
      ...(subscription !== null && { subscription }),
      kind,
      by: by as MinuteCount['by'],
      value: value!,
      ...counts,
    }
  const { count: pending, sum: running, max: dead, histogram } = counts
  const oldest = histogram[0]?.[1]
  return {
    kind,
    from,
    receiver,
    subscription: subscription!,
    pending,
    running,
    dead,
    oldestDueAt: oldest,
  }
}

function checkRange(range: HistoryRange): void {
  unknownOptions('history', range, KEYS)
  const { from, to, step } = range
  if (!(Number.isFinite(from) && Number.isFinite(to) && from < to))
    throw new TypeError(
      `history: from and to must be milliseconds since 1970 in that order, got ${String(from)} and ${String(to)}`,
    )
  if (!(Number.isSafeInteger(step) && step >= MINUTE && step % MINUTE === 0))
    throw new TypeError(`history: step must be whole minutes in milliseconds, got ${String(step)}`)
  if ((to - from) / step > MOST_STEPS)
    throw new TypeError(
      `history: ${Math.ceil((to - from) / step)} steps are more than ${MOST_STEPS}; use a wider step`,
    )
}

/** Counts of one series in a span of time. `sum` and `max` are in microseconds; for gauges, see `History.adds`. */
type Counts = Pick<MinuteCount, 'count' | 'sum' | 'max' | 'histogram'>

/** Counts of one minute or hour. Each key is the number of a series. */
export type Minute = ReadonlyMap<number, Counts>

/** Encodes the counts of one minute or hour. A series with few buckets needs about 25 bytes. */
export function packMinute(minute: Minute): Uint8Array {
  const out: number[] = []
  for (const [series, { count, sum, max, histogram }] of minute) {
    for (const number of [series, count, Math.round(sum), Math.round(max), histogram.length])
      put(out, number)
    let last = 0
    for (const [bucket, its] of histogram) {
      put(out, bucket - last)
      put(out, its)
      last = bucket
    }
  }
  return Uint8Array.from(out)
}

export function unpackMinute(bytes: Uint8Array): Minute {
  const minute = new Map<number, Counts>()
  let at = 0
  while (at < bytes.length) {
    const [series, count, sum, max, buckets] = [take(), take(), take(), take(), take()] as const
    const histogram: [number, number][] = []
    let bucket = 0
    for (let left = buckets; left > 0; left--) histogram.push([(bucket += take()), take()])
    minute.set(series, { count, sum, max, histogram })
  }
  return minute

  function take(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw new TypeError('unpackMinute: the bytes end in the middle')
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
}

const SPAN_GONE = 'the counts in it are left out'

function addCounts(parts: readonly Counts[]): Counts {
  if (parts.length === 1) return parts[0]!
  return {
    count: parts.reduce((total, { count }) => total + count, 0),
    sum: parts.reduce((total, { sum }) => total + sum, 0),
    max: parts.reduce((most, { max }) => Math.max(most, max), 0),
    histogram: addHistograms(parts.map(({ histogram }) => histogram)),
  }
}

/** Appends a whole number in groups of seven bits, the lowest group first. */
function put(out: number[], number: number): void {
  let left = number
  while (left >= 128) {
    out.push((left % 128) | 128)
    left = Math.floor(left / 128)
  }
  out.push(left)
}
