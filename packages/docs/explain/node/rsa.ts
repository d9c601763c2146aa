import { Buffer } from './buffer.ts'
import { hashOf } from './crypto.ts'
import { big } from './der.ts'

/** An RSA key; `d` is there if it can sign. */
export interface RsaKey {
  readonly n: bigint
  readonly e: bigint
  readonly d?: bigint
}

// RFC 8017, section 9.2, note 1.
const PREFIX: Readonly<Record<string, string>> = {
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
}

/** RSASSA-PKCS1-v1_5: RFC 8017, section 8.2. */
export function verifyPkcs1(
  hash: string,
  data: Uint8Array,
  key: RsaKey,
  signature: Uint8Array,
): boolean {
  const opened = open(key, signature)
  return opened !== undefined && opened.equals(padded(hash, data, sizeOf(key)))
}

export function signPkcs1(hash: string, data: Uint8Array, key: RsaKey): Buffer {
  const size = sizeOf(key)
  return filled(power(big(padded(hash, data, size)), key.d!, key.n), size)
}

/** RSASSA-PSS with a salt as long as the hash: RFC 8017, section 8.1. */
export function verifyPss(
  hash: string,
  data: Uint8Array,
  key: RsaKey,
  signature: Uint8Array,
): boolean {
  const bits = key.n.toString(2).length - 1
  const size = Math.ceil(bits / 8)
  const { outputLen } = hashOf(hash)
  const opened = open(key, signature)
  if (!opened) return false
  // The number can be one byte longer than the encoded message.
  const message = opened.subarray(opened.length - size)
  if (opened.length > size && opened[0] !== 0) return false
  if (message[size - 1] !== 0xbc || message[0]! >> (8 - (8 * size - bits)) !== 0) return false
  const masked = message.subarray(0, size - outputLen - 1)
  const digest = message.subarray(size - outputLen - 1, size - 1)
  const mask = maskOf(hash, digest, masked.length)
  const block = Buffer.from(masked.map((byte, at) => byte ^ mask[at]!))
  block[0] = block[0]! & (0xff >> (8 * size - bits))
  const pad = block.subarray(0, block.length - outputLen)
  const salt = block.subarray(block.length - outputLen)
  if (pad.at(-1) !== 1 || pad.subarray(0, -1).some((byte) => byte !== 0)) return false
  return digest.equals(digestOf(hash, salted(hash, data, salt)))
}

export function signPss(hash: string, data: Uint8Array, key: RsaKey): Buffer {
  const bits = key.n.toString(2).length - 1
  const size = Math.ceil(bits / 8)
  const { outputLen } = hashOf(hash)
  const salt = Buffer.from(crypto.getRandomValues(new Uint8Array(outputLen)))
  const digest = digestOf(hash, salted(hash, data, salt))
  const block = Buffer.concat([Buffer.alloc(size - 2 * outputLen - 2), Buffer.from([1]), salt])
  const mask = maskOf(hash, digest, block.length)
  const masked = Buffer.from(block.map((byte, at) => byte ^ mask[at]!))
  masked[0] = masked[0]! & (0xff >> (8 * size - bits))
  const message = Buffer.concat([masked, digest, Buffer.from([0xbc])])
  return filled(power(big(message), key.d!, key.n), sizeOf(key))
}

function sizeOf({ n }: RsaKey): number {
  return Math.ceil(n.toString(2).length / 8)
}

/** The number that was signed, as bytes; undefined if the signature is not of this key. */
function open(key: RsaKey, signature: Uint8Array): Buffer | undefined {
  const size = sizeOf(key)
  const value = big(signature)
  if (signature.length !== size || value >= key.n) return undefined
  return filled(power(value, key.e, key.n), size)
}

function padded(hash: string, data: Uint8Array, size: number): Buffer {
  const prefix = PREFIX[hash.toLowerCase().replace('rsa-', '')]
  if (prefix === undefined) throw new Error(`Invalid digest: ${hash}`)
  const tail = Buffer.concat([Buffer.from(prefix, 'hex'), digestOf(hash, data)])
  const ones = Buffer.alloc(size - tail.length - 3, 0xff)
  return Buffer.concat([Buffer.from([0, 1]), ones, Buffer.from([0]), tail])
}

function salted(hash: string, data: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.concat([Buffer.alloc(8), digestOf(hash, data), salt])
}

function maskOf(hash: string, seed: Uint8Array, length: number): Buffer {
  const parts: Buffer[] = []
  for (let counter = 0; parts.length * seed.length < length; counter++)
    parts.push(digestOf(hash, Buffer.concat([seed, Buffer.from([0, 0, 0, counter])])))
  return Buffer.concat(parts).subarray(0, length)
}

function digestOf(hash: string, data: Uint8Array): Buffer {
  return Buffer.from(hashOf(hash)(data))
}

function filled(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex')
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = base % modulus
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}
