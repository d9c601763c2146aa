import { toBuffer } from '../../body/bytes.ts'
import type { Bounds } from '../bounds.ts'

// 2^20 bytes take about 1 ms.
const STRIDE = 1 << 20

/** Gives memory for one edited body. Large ones share it: an edit is gone once the next one is made. */
type RoomForEdits = (length: number) => Uint8Array

/** Makes a room. A copy for each of 10 edits of 25 MB would take 250 MB. */
export function createRoom(): RoomForEdits {
  let kept = new Uint8Array(0)
  return (length) => {
    if (length < STRIDE) return new Uint8Array(length)
    if (kept.length < length) kept = new Uint8Array(length)
    return kept.subarray(0, length)
  }
}

/** One after another. */
export function joinParts(
  room: RoomForEdits,
  ...parts: readonly (Uint8Array | string)[]
): Uint8Array {
  const buffers = parts.map((part) => toBuffer(part))
  const all = room(buffers.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of buffers) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Without `first` wherever `second` follows it. Undefined if nothing changed or the bounds are used up. */
export function replaced(
  room: RoomForEdits,
  body: Uint8Array,
  first: number,
  second: number,
  bounds: Bounds,
): Uint8Array | undefined {
  const out = room(body.length)
  let length = 0
  for (let at = 0; at < body.length; at++) {
    if (at % STRIDE === 0 && bounds.over()) return undefined
    if (body[at] !== first || body[at + 1] !== second) out[length++] = body[at]!
  }
  return length === body.length ? undefined : out.subarray(0, length)
}

/** With CR LF for each LF that stands alone. Undefined if there is none or the bounds are used up. */
export function swapped(
  room: RoomForEdits,
  body: Uint8Array,
  bounds: Bounds,
): Uint8Array | undefined {
  let alone = 0
  for (let at = body.indexOf(10); at >= 0; at = body.indexOf(10, at + 1)) {
    if (body[at - 1] !== 13) alone++
    if (alone % 4096 === 1 && bounds.over()) return undefined
  }
  if (alone === 0) return undefined
  const out = room(body.length + alone)
  let length = 0
  for (let at = 0; at < body.length; at++) {
    if (at % STRIDE === 0 && bounds.over()) return undefined
    if (body[at] === 10 && body[at - 1] !== 13) out[length++] = 13
    out[length++] = body[at]!
  }
  return out
}
