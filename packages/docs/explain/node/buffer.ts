// What the packages use of node:buffer, on Uint8Array. The test vectors give the same results as in Node.js.

import { bytesOf, textOf, type Encoding } from './encodings.ts'

const utf8 = new TextEncoder()

/** The members of Buffer that the packages use. */
export class Buffer extends Uint8Array<ArrayBuffer> {
  static override from(
    data: string | ArrayLike<number> | ArrayBuffer | Iterable<number>,
    encoding?: unknown,
    length?: number,
  ): Buffer {
    if (typeof data === 'string') return seen(bytesOf(data, encoding as Encoding))
    if (data instanceof ArrayBuffer) return new Buffer(data, (encoding as number) ?? 0, length)
    return seen(Uint8Array.from(data as ArrayLike<number>))
  }

  static alloc(size: number, fill = 0): Buffer {
    return new Buffer(size).fill(fill)
  }

  static allocUnsafe(size: number): Buffer {
    return new Buffer(size)
  }

  static concat(parts: readonly Uint8Array[], size = sum(parts)): Buffer {
    const all = new Buffer(size)
    let at = 0
    for (const part of parts) {
      if (at >= size) break
      all.set(part.subarray(0, size - at), at)
      at += part.length
    }
    return all
  }

  static isBuffer(value: unknown): value is Buffer {
    return value instanceof Buffer
  }

  static isEncoding(name: string): boolean {
    return /^(?:utf-?8|hex|base64(?:url)?|latin1|binary|ascii|utf-?16le|ucs-?2)$/i.test(name)
  }

  static byteLength(data: string | Uint8Array, encoding?: string): number {
    return typeof data === 'string' ? bytesOf(data, encoding).length : data.length
  }

  static compare(a: Uint8Array, b: Uint8Array): -1 | 0 | 1 {
    const least = Math.min(a.length, b.length)
    for (let at = 0; at < least; at++) if (a[at] !== b[at]) return a[at]! < b[at]! ? -1 : 1
    return a.length === b.length ? 0 : a.length < b.length ? -1 : 1
  }

  override toString(encoding?: string, start = 0, end = this.length): string {
    return textOf(this.subarray(start, end), encoding)
  }

  equals(other: Uint8Array): boolean {
    return Buffer.compare(this, other) === 0
  }

  compare(other: Uint8Array): -1 | 0 | 1 {
    return Buffer.compare(this, other)
  }

  override indexOf(what: unknown, from = 0): number {
    if (typeof what === 'number') return super.indexOf(what, from)
    const wanted = wantedOf(what)
    for (let at = from; at + wanted.length <= this.length; at++)
      if (isAt(this, wanted, at)) return at
    return -1
  }

  override lastIndexOf(what: unknown, from = this.length): number {
    const wanted = typeof what === 'number' ? Uint8Array.of(what) : wantedOf(what)
    for (let at = Math.min(from, this.length - wanted.length); at >= 0; at--)
      if (isAt(this, wanted, at)) return at
    return -1
  }

  override includes(what: unknown, from = 0): boolean {
    return this.indexOf(what, from) >= 0
  }

  override slice(start?: number, end?: number): Buffer {
    return this.subarray(start, end)
  }

  override subarray(start?: number, end?: number): Buffer {
    return super.subarray(start, end) as Buffer
  }

  readUInt8(at = 0): number {
    return this[at]!
  }

  readUInt16BE(at = 0): number {
    return view(this).getUint16(at)
  }

  readUInt32BE(at = 0): number {
    return view(this).getUint32(at)
  }

  writeUInt32BE(value: number, at = 0): number {
    view(this).setUint32(at, value)
    return at + 4
  }
}

function view({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

function seen({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return new Buffer(buffer as ArrayBuffer, byteOffset, byteLength)
}

function wantedOf(what: unknown): Uint8Array {
  return typeof what === 'string' ? utf8.encode(what) : (what as Uint8Array)
}

function isAt(bytes: Uint8Array, wanted: Uint8Array, at: number): boolean {
  for (let next = 0; next < wanted.length; next++)
    if (bytes[at + next] !== wanted[next]) return false
  return true
}

function sum(parts: readonly Uint8Array[]): number {
  return parts.reduce((length, part) => length + part.length, 0)
}

export default { Buffer }
