import type { Arrival } from '../../journal.ts'

/** Bounds of {@link createRing}. */
interface RingBounds {
  readonly count: number
  readonly bytes: number
  /** Milliseconds. */
  readonly age: number
}

/** The last deliveries of one kind, in the order of their ids. */
export interface DeliveryRing {
  add(arrival: Arrival): void
  /** Drops what is older than the bounds allow at a time in milliseconds since 1970. */
  expire(now: number): void
  /** From the oldest to the newest. */
  readonly rows: readonly Arrival[]
}

// Rough bytes of a row without its strings.
const ROW = 400

/** Makes a ring. */
export function createRing(bounds: RingBounds): DeliveryRing {
  let rows: Arrival[] = []
  // Rows before this place were dropped: to move all of them for each new one would cost more than the rest.
  let first = 0
  let bytes = 0
  // Ids of the rows whose requests are kept, by slot.
  const kept = new Map<string, string>()

  return {
    add(given) {
      const arrival = given.slot === undefined ? given : withoutSlot(given)
      let at = rows.length
      // Several receivers write in batches of their own, so that one may come a second late.
      while (at > first && rows[at - 1]!.id > arrival.id) at--
      if (at === rows.length) rows.push(arrival)
      else rows.splice(at, 0, arrival)
      bytes += sizeOf(arrival)
      if (arrival.kept)
        keep(given.slot ?? JSON.stringify([arrival.receiver, arrival.code]), arrival.id)
      while (rows.length - first > bounds.count || (bytes > bounds.bytes && first < rows.length))
        drop()
    },
    expire(now) {
      while (first < rows.length && rows[first]!.at < now - bounds.age) drop()
    },
    get rows() {
      compact()
      return rows
    },
  }

  function drop(): void {
    bytes -= sizeOf(rows[first++]!)
    if (first > bounds.count) compact()
  }

  function compact(): void {
    if (first === 0) return
    rows = rows.slice(first)
    first = 0
  }

  /** Takes head and body from the row that had the slot. */
  function keep(slot: string, id: string): void {
    const old = kept.get(slot)
    kept.set(slot, id)
    if (old === undefined || old === id) return
    const at = rows.findLastIndex((row) => row.id === old)
    if (at < first) return
    const { kept: _, ...rest } = rows[at]!
    bytes += sizeOf(rest) - sizeOf(rows[at]!)
    rows[at] = rest
  }
}

function withoutSlot(given: Arrival): Arrival {
  const { slot: _, ...arrival } = given
  return arrival
}

function sizeOf({ kept, replyBody = '', reason = '', ids, keys, path }: Arrival): number {
  let size = ROW + 2 * (replyBody.length + reason.length + path.length)
  for (const text of ids) size += 2 * text.length
  for (const text of keys) size += 2 * text.length
  if (!kept) return size
  size += kept.body.byteLength + 2 * kept.url.length
  for (const [name, value] of kept.headers) size += 2 * (name.length + value.length)
  return size
}
