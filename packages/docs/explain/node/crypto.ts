// What the packages use of node:crypto, with @noble/hashes. `withPublicKeys` loads public keys, which are a separate chunk.
import { hmac } from '@noble/hashes/hmac.js'
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { sha3_256 } from '@noble/hashes/sha3.js'
import { Buffer } from './buffer.ts'
import type { PublicKeys } from './public-keys.ts'

const HASHES = { md5, sha1, sha224, sha256, sha384, sha512, 'sha3-256': sha3_256 }
type Data = string | Uint8Array
type Hash = (typeof HASHES)[keyof typeof HASHES]
type Running = ReturnType<Hash['create']>

/** A hash function by the name that Node.js gives it. */
export function hashOf(name: string): Hash {
  const short = name.toLowerCase().replace('rsa-', '')
  if (!Object.hasOwn(HASHES, short)) throw new Error(`Invalid digest: ${name}`)
  return HASHES[short as keyof typeof HASHES]
}

class Digest {
  readonly #running: Running
  constructor(running: Running) {
    this.#running = running
  }

  update(data: Data, encoding?: string): this {
    this.#running.update(bytesOf(data, encoding))
    return this
  }

  digest(encoding?: string): Buffer | string {
    const found = Buffer.from(this.#running.digest())
    return encoding === undefined ? found : found.toString(encoding)
  }

  copy(): Digest {
    return new Digest(this.#running.clone() as Running)
  }
}

/** A key: what it holds depends on its kind. */
export class KeyObject {
  readonly type: 'secret' | 'public' | 'private';
  readonly [member: string]: unknown
  constructor(type: KeyObject['type'], members: object) {
    this.type = type
    Object.assign(this, members)
  }
}

export function createHash(name: string): Digest {
  return new Digest(hashOf(name).create())
}

// A key is used thousands of times: keep its prepared hash state.
const prepared = new WeakMap<KeyObject, Map<string, Running>>()

export function createHmac(name: string, key: Data | KeyObject): Digest {
  if (!(key instanceof KeyObject))
    return new Digest(hmac.create(hashOf(name) as typeof sha256, bytesOf(key)) as never)
  const known = prepared.get(key) ?? new Map<string, Running>()
  prepared.set(key, known)
  let first = known.get(name)
  if (!first) {
    first = hmac.create(hashOf(name) as typeof sha256, key['bytes'] as Uint8Array) as never
    known.set(name, first!)
  }
  return new Digest(first!.clone() as Running)
}

export function createSecretKey(key: Data, encoding?: string): KeyObject {
  return new KeyObject('secret', { bytes: Uint8Array.from(bytesOf(key, encoding)) })
}

export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) throw new RangeError('Input buffers must have the same byte length')
  let difference = 0
  for (let at = 0; at < a.length; at++) difference |= a[at]! ^ b[at]!
  return difference === 0
}

export function hash(name: string, data: Data, encoding = 'hex'): Buffer | string {
  return createHash(name).update(data).digest(encoding)
}

export const randomUUID = (): string => crypto.randomUUID()
export const randomBytes = (size: number): Buffer =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(size)))

let loaded: PublicKeys | undefined
let loading: Promise<void> | undefined

/** Loads the code for public keys. Without it, they throw. */
export function withPublicKeys(): Promise<void> {
  return (loading ??= import('./public-keys.ts').then(({ publicKeys }) => {
    loaded = publicKeys
  }))
}

function part(): PublicKeys {
  if (!loaded) throw new Error('public keys are not loaded')
  return loaded
}

export const createPublicKey: PublicKeys['createPublicKey'] = (key) => part().createPublicKey(key)
export const createPrivateKey: PublicKeys['createPrivateKey'] = (key) =>
  part().createPrivateKey(key)
export const verify: PublicKeys['verify'] = (name, data, key, signature) =>
  part().verify(name, data, key, signature)
export const sign: PublicKeys['sign'] = (name, data, key) => part().sign(name, data, key)
export const createDecipheriv: PublicKeys['createDecipheriv'] = (name, key, iv) =>
  part().createDecipheriv(name, key, iv)
export const createCipheriv: PublicKeys['createCipheriv'] = (name, key, iv) =>
  part().createCipheriv(name, key, iv)

// RSASSA-PSS with a salt as long as the hash: the only use of these two.
interface WithKey {
  readonly key: KeyObject
}
class Streamed {
  readonly #name: string
  #data = new Uint8Array(0)
  constructor(name: string) {
    this.#name = name
  }

  update(data: Uint8Array): this {
    this.#data = Buffer.concat([this.#data, data])
    return this
  }

  verify({ key }: WithKey, signature: Uint8Array): boolean {
    return part().verifyPss(this.#name, this.#data, key, signature)
  }

  sign({ key }: WithKey): Buffer {
    return part().signPss(this.#name, this.#data, key)
  }
}
export const createVerify = (name: string): Streamed => new Streamed(name)
export const createSign = createVerify
export const constants = { RSA_PKCS1_PSS_PADDING: 6, RSA_PSS_SALTLEN_DIGEST: -1 }

/** Certificate chains are checked only by the command line. */
export class X509Certificate {
  constructor() {
    throw new Error('a browser judges no certificates: use the command line')
  }
}

function bytesOf(data: Data, encoding?: string): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data, encoding) : data
}

export default { createHash, createHmac, timingSafeEqual }
