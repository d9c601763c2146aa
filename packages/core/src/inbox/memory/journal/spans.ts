import { floor, HOUR, MINUTE, MINUTES_KEPT } from '../../history/buckets.ts'
import { packMinute, unpackMinute, type Counts, type Minute } from '../../history/minute-pack.ts'

/** Rows by minute, packed when the minute is over, and by hour after two days. */
interface Spans {
  put(minute: number, row: number, counts: Counts): void
  /** The minutes and hours that a range touches, the oldest first. Times in milliseconds since 1970. */
  between(from: number, to: number): Iterable<readonly [start: number, minute: Minute]>
  /** Packs and drops what is old. */
  expire(now: number): void
  /** Bytes that are packed. */
  readonly bytes: number
}

// Counts come up to a second late, from receivers with batches of their own.
const OPEN = 2 * MINUTE
// Far above what 30 days of a million deliveries a day take.
const MOST_BYTES = 64 * 1024 * 1024

/** Makes the {@link Spans}. `keep` is in milliseconds; `add` adds minutes, the oldest first. */
export function createSpans(keep: number, add: (all: readonly Minute[]) => Minute): Spans {
  const open = new Map<number, Map<number, Counts>>()
  const minutes = new Map<number, Uint8Array>()
  const hours = new Map<number, Uint8Array>()
  let bytes = 0

  return {
    put(minute, row, counts) {
      let rows = open.get(minute)
      if (!rows) open.set(minute, (rows = new Map()))
      const [sum] = add([new Map(at(rows, row)), new Map([[row, counts]])]).values()
      rows.set(row, sum!)
    },
    *between(from, to) {
      const starts = [...hours.keys(), ...minutes.keys(), ...open.keys()]
      for (const start of [...new Set(starts)].sort((a, b) => a - b)) {
        if (start < floor(from, hours.has(start) ? HOUR : MINUTE) || start >= to) continue
        const parts = [hours.get(start), minutes.get(start)].filter((one) => one !== undefined)
        const late = open.get(start)
        yield [start, add([...parts.map(unpackMinute), ...(late ? [late] : [])])]
      }
    },
    expire(now) {
      for (const [minute, rows] of open)
        if (minute < now - OPEN) {
          open.delete(minute)
          into(minutes, minute, rows)
        }
      for (const [minute, packed] of minutes)
        if (minute < now - MINUTES_KEPT) {
          minutes.delete(minute)
          bytes -= packed.byteLength
          into(hours, floor(minute, HOUR), unpackMinute(packed))
        }
      for (const [hour, packed] of [...hours].sort(([a], [b]) => a - b)) {
        if (hour >= now - keep && bytes <= MOST_BYTES) break
        hours.delete(hour)
        bytes -= packed.byteLength
      }
    },
    get bytes() {
      return bytes
    },
  }

  /** Adds rows to what a span has. */
  function into(spans: Map<number, Uint8Array>, start: number, rows: Minute): void {
    const known = spans.get(start)
    const packed = packMinute(known ? add([unpackMinute(known), rows]) : rows)
    spans.set(start, packed)
    bytes += packed.byteLength - (known?.byteLength ?? 0)
  }
}

function at(rows: ReadonlyMap<number, Counts>, row: number): (readonly [number, Counts])[] {
  const counts = rows.get(row)
  return counts ? [[row, counts]] : []
}
