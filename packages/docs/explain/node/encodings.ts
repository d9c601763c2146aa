// The encodings of node:buffer.

/** The name of an encoding; UTF-8 if there is none. */
export type Encoding = string | undefined
const utf8 = new TextEncoder()
// A byte order mark stays.
const text = new TextDecoder('utf-8', { ignoreBOM: true })
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES = new Uint8Array(128).fill(255)
for (let value = 0; value < 64; value++) VALUES[DIGITS.charCodeAt(value)] = value
VALUES['-'.charCodeAt(0)] = 62
VALUES['_'.charCodeAt(0)] = 63
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The bytes of a text. */
export function bytesOf(data: string, encoding: Encoding = 'utf8'): Uint8Array {
  const name = encoding.toLowerCase()
  if (name === 'hex') return fromHex(data)
  if (name.startsWith('base64')) return fromBase64(data)
  if (name === 'latin1' || name === 'binary' || name === 'ascii')
    return Uint8Array.from(data, (sign) => sign.charCodeAt(0))
  if (/^utf-?16le$|^ucs-?2$/.test(name))
    return new Uint8Array(Uint16Array.from(data, (sign) => sign.charCodeAt(0)).buffer)
  return utf8.encode(data)
}

/** As Node.js reads it: up to the first pair that is not a byte. */
function fromHex(data: string): Uint8Array {
  const [whole] = /^(?:[\da-f]{2})*/i.exec(data)!
  return Uint8Array.from({ length: whole.length / 2 }, (_, at) =>
    Number.parseInt(whole.slice(at * 2, at * 2 + 2), 16),
  )
}

/** As Node.js reads it: both alphabets, up to the first `=`; other characters are passed over. */
function fromBase64(data: string): Uint8Array {
  const bytes: number[] = []
  let held = 0
  let bits = 0
  for (let at = 0; at < data.length; at++) {
    const code = data.charCodeAt(at)
    if (code === 61) break
    const value = code < 128 ? VALUES[code]! : 255
    if (value === 255) continue
    held = ((held << 6) | value) & 0xff_ff
    bits += 6
    if (bits >= 8) bytes.push((held >> (bits -= 8)) & 255)
  }
  return Uint8Array.from(bytes)
}

/** The text of bytes. */
export function textOf(bytes: Uint8Array, encoding: Encoding = 'utf8'): string {
  const name = encoding.toLowerCase()
  if (name === 'hex') return Array.from(bytes, (byte) => HEX[byte]).join('')
  if (name === 'base64') return toBase64(bytes)
  if (name === 'base64url')
    return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  if (name === 'latin1' || name === 'binary') return fromCodes(bytes)
  if (name === 'ascii') return fromCodes(bytes.map((byte) => byte & 127))
  if (/^utf-?16le$|^ucs-?2$/.test(name)) return new TextDecoder('utf-16le').decode(bytes)
  return text.decode(bytes)
}

function fromCodes(bytes: Uint8Array): string {
  let all = ''
  // An argument for each byte would be too many.
  for (let at = 0; at < bytes.length; at += 8192)
    all += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return all
}

function toBase64(bytes: Uint8Array): string {
  return btoa(fromCodes(bytes))
}
