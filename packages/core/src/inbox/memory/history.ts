import { addCounts, addMinutes, type Counts } from '../kit/minute-pack.ts'
import type { Bucket, HistoryRange, MinuteCount, MinuteGauge } from '../journal.ts'
import { unknownOptions } from '../../unknown-options.ts'
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

type Name = Omit<MinuteCount, 'minute' | keyof Counts>
type Lane = Pick<MinuteGauge, 'receiver' | 'subscription'>

const KEYS = ['from', 'to', 'step', 'receiver', 'subscription', 'kind', 'by']
const MINUTE = 60_000

/** Makes it. `keep` is in milliseconds. */
export function createHistory(keep: number): History {
  const series = createNumbers<Name>()
  const lanes = createNumbers<Lane>()
  const counts = createSpans(keep, addMinutes)
  // A gauge as counts: pending, running and dead, and in the histogram when the oldest was due. The last one counts.
  const gauges = createSpans(keep, (all) => new Map(all.flatMap((minute) => [...minute])))

  return {
    count({ minute, receiver, subscription, kind, by, value, count, sum, max, histogram }) {
      const name = {
        receiver,
        ...(subscription !== undefined && { subscription }),
        kind,
        by,
        value,
      }
      counts.put(minute, series.of(name), { count, sum, max, histogram })
    },
    gauge({ minute, receiver, subscription, pending, running, dead, oldest }) {
      gauges.put(minute, lanes.of({ receiver, subscription }), {
        count: pending,
        sum: running,
        max: dead,
        histogram: oldest === undefined ? [] : [[0, Math.max(0, Math.floor(oldest))]],
      })
    },
    expire(now) {
      counts.expire(now)
      gauges.expire(now)
    },
    read(range) {
      checkRange(range)
      return range.kind === 'gauge' ? readGauges(range) : readCounts(range)
    },
    get bytes() {
      return counts.bytes + gauges.bytes
    },
  }

  function readCounts(range: HistoryRange): readonly Bucket[] {
    const { kind = 'delivery', by = 'outcome' } = range
    const wanted = series.all.map(
      (name) => name.kind === kind && name.by === by && meant(name, range),
    )
    const buckets = new Map<number, Map<number, Counts>>()
    for (const [start, minute] of counts.between(range.from, range.to))
      for (const [number, its] of minute) {
        if (!wanted[number]) continue
        const bucket = bucketOf(buckets, start, range)
        const known = bucket.get(number)
        bucket.set(number, known ? addCounts([known, its]) : its)
      }
    return rowsOf(buckets, (from, number, its) => ({ ...series.all[number]!, from, ...its }))
  }

  function readGauges(range: HistoryRange): readonly Bucket[] {
    const wanted = lanes.all.map((lane) => meant(lane, range))
    const buckets = new Map<number, Map<number, Counts>>()
    for (const [start, minute] of gauges.between(range.from, range.to))
      for (const [number, its] of minute)
        if (wanted[number]) bucketOf(buckets, start, range).set(number, its)
    return rowsOf(buckets, (from, number, { count, sum, max, histogram }) => ({
      ...lanes.all[number]!,
      kind: 'gauge' as const,
      from,
      pending: count,
      running: sum,
      dead: max,
      oldest: histogram[0]?.[1],
    }))
  }
}

function meant(name: Partial<Lane>, { receiver, subscription }: HistoryRange): boolean {
  return (
    (receiver === undefined || receiver === name.receiver) &&
    (subscription === undefined || subscription === name.subscription)
  )
}

function bucketOf(
  buckets: Map<number, Map<number, Counts>>,
  start: number,
  { from, step }: HistoryRange,
): Map<number, Counts> {
  const at = from + Math.floor((start - from) / step) * step
  let bucket = buckets.get(at)
  if (!bucket) buckets.set(at, (bucket = new Map()))
  return bucket
}

function rowsOf(
  buckets: ReadonlyMap<number, ReadonlyMap<number, Counts>>,
  row: (from: number, number: number, counts: Counts) => Bucket,
): readonly Bucket[] {
  return [...buckets]
    .sort(([a], [b]) => a - b)
    .flatMap(([from, bucket]) => [...bucket].map(([number, counts]) => row(from, number, counts)))
}

function checkRange(range: HistoryRange): void {
  unknownOptions('history', range, KEYS)
  const { from, to, step } = range
  if (!(Number.isFinite(from) && Number.isFinite(to)))
    throw new TypeError('history: from and to must be milliseconds since 1970')
  if (!(Number.isSafeInteger(step) && step >= MINUTE && step % MINUTE === 0))
    throw new TypeError(`history: step must be milliseconds of whole minutes, got ${String(step)}`)
}

/** A number for each name, since a row that repeats its names has twice the bytes. */
function createNumbers<Value extends object>(): { of(name: Value): number; readonly all: Value[] } {
  const known = new Map<string, number>()
  const all: Value[] = []
  return {
    all,
    of(name) {
      const key = JSON.stringify(Object.values(name))
      let number = known.get(key)
      if (number === undefined) known.set(key, (number = all.push(name) - 1))
      return number
    },
  }
}
