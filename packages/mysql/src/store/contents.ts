import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { FullRow } from '@postern/core/engine'

// The format: a byte that says whether the rest is deflated; the lengths of record and head, 4 bytes each; then record,
// head and body. The length NONE means null.
const PLAIN = 0
const DEFLATED = 1
const LENGTHS = 8
const NONE = 2 ** 32 - 1
// Minimum size in bytes of contents that are deflated. Smaller contents fit into the page of their row. For larger
// contents, InnoDB uses whole pages of 16 KB.
const LEAST = 2048
// Options with which zlib uses less memory. With zlib's defaults, creating a compressor takes as long as deflating 8
// KB.
const WINDOW = { windowBits: 14 }
const DEFLATE = { ...WINDOW, level: 1, memLevel: 7 }

/**
 * The contents of an event or a delivery. `head` is the delivery without its body. A delivery has no `record`. An event
 * that shares a delivery has no `head`.
 */
interface Contents {
  readonly record?: string | null
  readonly head?: string | null
  readonly body?: Uint8Array
}

const EMPTY = new Uint8Array()

/** Packs contents into one value, so that a row has at most one value outside of its page. */
export function pack({ record, head, body = EMPTY }: Contents): Buffer {
  const [first, second] = [sizeOf(record), sizeOf(head)]
  const size = 1 + LENGTHS + first + second + body.length
  const all = Buffer.allocUnsafe(size)
  all[0] = PLAIN
  all.writeUInt32LE(record == null ? NONE : first, 1)
  all.writeUInt32LE(head == null ? NONE : second, 5)
  if (first > 0) all.write(record!, 1 + LENGTHS)
  if (second > 0) all.write(head!, 1 + LENGTHS + first)
  all.set(body, 1 + LENGTHS + first + second)
  if (size < LEAST) return all
  const less = deflateRawSync(all.subarray(1), DEFLATE)
  return less.length + 1 < size ? Buffer.concat([Buffer.of(DEFLATED), less]) : all
}

/** Returns the bytes as a Buffer without copying them. */
export function viewOf(value: object): Buffer {
  const { buffer, byteOffset, byteLength } = value as Uint8Array
  return Buffer.from(buffer, byteOffset, byteLength)
}

function sizeOf(text: string | null | undefined): number {
  return text == null ? 0 : Buffer.byteLength(text)
}

export interface Packed {
  readonly packed: Buffer | null
  /** The contents of the delivery that the event shares with other events. */
  readonly shared: Buffer | null
}

/** Unpacks the contents of an event. Damaged contents give an empty record, which the engine reports. */
export function unpack(
  packed: Buffer | null,
  shared?: Buffer | null,
): Pick<FullRow, 'record' | 'head' | 'body'> {
  const own = partsOf(packed)
  const from = own.head === null && shared ? partsOf(shared) : own
  // `head` is null if the delivery is gone, which the engine reports.
  return { record: own.record ?? '', head: from.head as string, body: from.body }
}

function partsOf(given: Buffer | null): {
  record: string | null
  head: string | null
  body: Buffer
} {
  try {
    const all =
      given![0] === DEFLATED ? inflateRawSync(given!.subarray(1), WINDOW) : given!.subarray(1)
    const record = lengthAt(all, 0)
    const head = lengthAt(all, 4)
    const second = LENGTHS + (record ?? 0)
    const third = second + (head ?? 0)
    return {
      record: record === null ? null : all.toString('utf8', LENGTHS, second),
      head: head === null ? null : all.toString('utf8', second, third),
      body: all.subarray(third),
    }
  } catch {
    return { record: null, head: null, body: Buffer.alloc(0) }
  }
}

function lengthAt(all: Buffer, at: number): number | null {
  const length = all.readUInt32LE(at)
  return length === NONE ? null : length
}
