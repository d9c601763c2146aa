import { deflateRawSync, inflateRawSync } from 'node:zlib'

// A byte that says whether the rest is deflated; the lengths of record and head, 4 bytes each; record, head and body.
const PLAIN = 0
const DEFLATED = 1
const LENGTHS = 8
const NONE = 2 ** 32 - 1
// As PostgreSQL: what is smaller fits into its page anyway. InnoDB gives whole pages of 16 KB to what does not.
const LEAST = 2048
// With the memory that zlib takes by default, making it costs as much as deflating 8 KB.
const WINDOW = { windowBits: 14 }
const DEFLATE = { ...WINDOW, level: 1, memLevel: 7 }

/** What an event or a delivery has: no record in a delivery, and no head in an event that shares one. */
interface Contents {
  readonly record?: string | null
  readonly head?: string | null
  readonly body?: Uint8Array
}

const EMPTY = new Uint8Array()

/** Packs contents into one value: its row needs one place off its page, and repetitive bodies take little. */
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

/** Bytes, not copied. */
export function viewOf(value: object): Buffer {
  const { buffer, byteOffset, byteLength } = value as Uint8Array
  return Buffer.from(buffer, byteOffset, byteLength)
}

function sizeOf(text: string | null | undefined): number {
  return text == null ? 0 : Buffer.byteLength(text)
}

/** Contents of a claim or a list; of an event that came with others, head and body are those of its delivery. */
interface Unpacked {
  readonly record: string
  /** Null if its delivery is gone: the engine tells it. */
  readonly head: string
  readonly body: Uint8Array
}

/** Columns of contents. */
export interface Packed {
  readonly packed: Buffer | null
  /** Of the delivery that the event shares. */
  readonly shared: Buffer | null
}

/** Unpacks the contents of an event. What was spoilt has an empty record, which the engine reports as unreadable. */
export function unpack(packed: Buffer | null, shared?: Buffer | null): Unpacked {
  const own = partsOf(packed)
  const from = own.head === null && shared ? partsOf(shared) : own
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
