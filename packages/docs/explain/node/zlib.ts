// What the packages use of node:zlib, with fflate, which has no brotli.
import { gunzipSync as gunzip, gzipSync as gzipped, inflateSync as raw, unzlibSync } from 'fflate'
import { Buffer } from './buffer.ts'

interface Bounds {
  readonly maxOutputLength?: number
}

const bounded =
  (inflate: (bytes: Uint8Array) => Uint8Array) =>
  (bytes: Uint8Array, { maxOutputLength = Infinity }: Bounds = {}): Buffer => {
    const found = inflate(bytes)
    if (found.length > maxOutputLength)
      throw Object.assign(new RangeError('Cannot create a larger Buffer'), {
        code: 'ERR_BUFFER_TOO_LARGE',
      })
    return Buffer.from(found)
  }

export const gunzipSync: ReturnType<typeof bounded> = bounded(gunzip)
export const inflateSync: ReturnType<typeof bounded> = bounded(unzlibSync)
export const inflateRawSync: ReturnType<typeof bounded> = bounded(raw)
export const gzipSync = (bytes: Uint8Array): Buffer => Buffer.from(gzipped(bytes))

export function gzip(
  bytes: Uint8Array,
  options: unknown,
  done?: (error: null, found: Buffer) => void,
): void {
  const tell = (done ?? options) as (error: null, found: Buffer) => void
  tell(null, gzipSync(bytes))
}

export function brotliDecompressSync(): never {
  throw new Error('a browser has no brotli: use the command line')
}
export const createBrotliDecompress = brotliDecompressSync
export const createGunzip = brotliDecompressSync
export const createInflate = brotliDecompressSync

/** CRC-32 of the bytes. */
export function crc32(data: Uint8Array | string): number {
  let sum = -1
  for (const byte of typeof data === 'string' ? Buffer.from(data) : data) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xed_b8_83_20 ^ (sum >>> 1) : sum >>> 1
  }
  return (sum ^ -1) >>> 0
}

export default {}
