import { constants, createSign, createVerify, type KeyObject } from 'node:crypto'
import type { HashName } from './signature/template.ts'

// Of the ways to check RSASSA-PSS, workerd (2026-11-17) offers one: createVerify with the key's PEM string. Its verify() reads
// the padding and does not use it, and no call of it takes a KeyObject next to options.

/** True if `signature` is the RSASSA-PSS signature of the bytes, with a salt as long as the hash (RFC 8017). */
export function verifyPss(
  hash: HashName,
  bytes: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  return createVerify(hash).update(bytes).verify(input(key), signature)
}

/** The RSASSA-PSS signature of the bytes, with a salt as long as the hash. */
export function signPss(hash: HashName, bytes: Uint8Array, key: KeyObject): Uint8Array {
  return createSign(hash).update(bytes).sign(input(key))
}

// Found out with the first key. Node 24.21 takes 26 µs with the object and 38 µs with the string.
let takesObjects: boolean | undefined

interface PssInput<Key> {
  readonly key: Key
  readonly padding: number
  readonly saltLength: number
}

function input(key: KeyObject): PssInput<KeyObject> | PssInput<string> {
  takesObjects ??= isTaken(withPadding(key))
  if (takesObjects) return withPadding(key)
  const type = key.type === 'private' ? 'pkcs8' : 'spki'
  return withPadding(key.export({ format: 'pem', type }) as string)
}

function withPadding<Key>(key: Key): PssInput<Key> {
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants
  return { key, padding, saltLength }
}

function isTaken(given: PssInput<KeyObject>): boolean {
  try {
    createVerify('sha256').verify(given, new Uint8Array(1))
    return true
  } catch {
    return false
  }
}
