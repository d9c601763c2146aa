import { addHistograms, type Histogram } from './histogram.ts'

/** Counts of one series in a span of time: `MinuteCount` without its names. Sums and maxima in microseconds. */
export interface Counts {
  readonly count: number
  readonly sum: number
  readonly max: number
  readonly histogram: Histogram
}

/** The counts of one minute, or hour, by the number an inbox gave each series. */
export type Minute = ReadonlyMap<number, Counts>

/** A minute as bytes: about 25 for a series with few buckets. */
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

/** The minute of {@link packMinute}. Bytes that end in the middle are a `TypeError`. */
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

/** What is lost of a span that cannot be read, in words. */
export const SPAN_GONE = 'these counts are left out of the history'

/** Adds the counts of one series. */
export function addCounts(parts: readonly Counts[]): Counts {
  if (parts.length === 1) return parts[0]!
  return {
    count: parts.reduce((total, { count }) => total + count, 0),
    sum: parts.reduce((total, { sum }) => total + sum, 0),
    max: parts.reduce((most, { max }) => Math.max(most, max), 0),
    histogram: addHistograms(parts.map(({ histogram }) => histogram)),
  }
}

/** A whole number in seven bits a byte, the lowest first. */
function put(out: number[], number: number): void {
  let left = number
  while (left >= 128) {
    out.push((left % 128) | 128)
    left = Math.floor(left / 128)
  }
  out.push(left)
}
