// What the packages use of node:crypto for public keys and ciphers, with @noble/curves, @noble/ciphers and BigInt.
import { cbc } from '@noble/ciphers/aes.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { Buffer } from './buffer.ts'
import { hashOf, KeyObject } from './crypto.ts'
import { big, hex, list, pem, read, type Node } from './der.ts'
import { signPkcs1, signPss, verifyPkcs1, verifyPss, type RsaKey } from './rsa.ts'

type Curve = typeof p256
interface Der {
  readonly key: Uint8Array
}
interface FromJwk {
  readonly format: 'jwk'
  readonly key: Readonly<Record<string, string>>
}

const ED25519 = '2b6570'
const EC = '2a8648ce3d0201'
const RSA = '2a864886f70d010101'
const RSA_PSS = '2a864886f70d01010a'
// By the object identifier, with the name that OpenSSL has.
const CURVES: Readonly<Record<string, readonly [name: string, curve: Curve]>> = {
  '2a8648ce3d030107': ['prime256v1', p256],
  '2b81040022': ['secp384r1', p384 as Curve],
  '2b81040023': ['secp521r1', p521 as Curve],
}
const JWK_CURVES: Readonly<Record<string, string>> = {
  'P-256': '2a8648ce3d030107',
  'P-384': '2b81040022',
  'P-521': '2b81040023',
}

function createPublicKey(given: string | KeyObject | Der | FromJwk): KeyObject {
  if (given instanceof KeyObject) return given['public'] as KeyObject
  if (typeof given === 'object')
    return 'format' in given && given.format === 'jwk'
      ? fromJwk(given.key as never)
      : fromSpki((given as Der).key)
  const [label, der] = pem(given)
  return label === 'RSA PUBLIC KEY' ? fromPkcs1(der) : fromSpki(der)
}

function fromSpki(der: Uint8Array): KeyObject {
  const [head, bits] = list(read(der).body) as [Node, Node]
  // In a certificate the key follows version, number, algorithm, issuer, dates and subject.
  if (bits.tag === 0x30) {
    const parts = list(head.body)
    return fromSpki(parts[parts[0]!.tag === 0xa0 ? 6 : 5]!.whole)
  }
  const [id, parameter] = list(head.body) as [Node, Node | undefined]
  const key = Uint8Array.from(bits.body.subarray(1))
  const kind = hex(id.body)
  if (kind === ED25519) return edKey(key)
  if (kind === EC) return curveKey(curveOf(hex(parameter!.body)), key)
  if (kind === RSA || kind === RSA_PSS) return fromPkcs1(key, kind === RSA_PSS ? 'rsa-pss' : 'rsa')
  throw new Error(`a key of the kind ${kind} is not known`)
}

function fromPkcs1(der: Uint8Array, type = 'rsa'): KeyObject {
  const [n, e] = list(read(der).body)
  return rsaKey({ n: big(n!.body), e: big(e!.body) }, type)
}

function fromJwk({ kty, n, e, x, y, crv }: Readonly<Record<string, string>>): KeyObject {
  const bytes = (text: string | undefined): Buffer => Buffer.from(text!, 'base64url')
  if (kty === 'RSA') return rsaKey({ n: big(bytes(n)), e: big(bytes(e)) })
  if (kty === 'OKP' && crv === 'Ed25519') return edKey(Uint8Array.from(bytes(x)))
  const point = Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)])
  return curveKey(curveOf(JWK_CURVES[crv!]!), Uint8Array.from(point))
}

function rsaKey(rsa: RsaKey, type = 'rsa'): KeyObject {
  const details = { modulusLength: rsa.n.toString(2).length, publicExponent: rsa.e }
  return new KeyObject('public', { asymmetricKeyType: type, asymmetricKeyDetails: details, rsa })
}

function edKey(point: Uint8Array): KeyObject {
  return new KeyObject('public', { asymmetricKeyType: 'ed25519', asymmetricKeyDetails: {}, point })
}

function curveOf(id: string): (typeof CURVES)[string] {
  const found = CURVES[id]
  if (!found) throw new Error(`the curve ${id} is not known`)
  return found
}

function curveKey([namedCurve, curve]: (typeof CURVES)[string], point: Uint8Array): KeyObject {
  // A point outside the curve is not a key.
  curve.Point.fromBytes(point)
  const members = { asymmetricKeyType: 'ec', asymmetricKeyDetails: { namedCurve } }
  return new KeyObject('public', { ...members, curve, point })
}

function createPrivateKey(given: string | Der): KeyObject {
  const [label, der] =
    typeof given === 'string' ? pem(given) : (['PRIVATE KEY', given.key] as const)
  if (label === 'RSA PRIVATE KEY') return rsaPrivate(der)
  if (label === 'EC PRIVATE KEY') {
    const parts = list(read(der).body)
    const named = read(parts.find(({ tag }) => tag === 0xa0)!.body)
    return curvePrivate(curveOf(hex(named.body)), parts[1]!.body)
  }
  const [, head, key] = list(read(der).body)
  const [id, parameter] = list(head!.body)
  const kind = hex(id!.body)
  if (kind === ED25519) {
    const seed = Uint8Array.from(read(key!.body).body)
    return new KeyObject('private', { kind, seed, public: edKey(ed25519.getPublicKey(seed)) })
  }
  if (kind === EC)
    return curvePrivate(curveOf(hex(parameter!.body)), list(read(key!.body).body)[1]!.body)
  return rsaPrivate(key!.body)
}

function rsaPrivate(der: Uint8Array): KeyObject {
  const [, n, e, d] = list(read(der).body).map(({ body }) => big(body))
  const rsa = { n: n!, e: e!, d: d! }
  return new KeyObject('private', { rsa, public: rsaKey(rsa) })
}

function curvePrivate(found: (typeof CURVES)[string], key: Uint8Array): KeyObject {
  const secret = Uint8Array.from(key)
  const [, curve] = found
  return new KeyObject('private', {
    curve,
    secret,
    public: curveKey(found, curve.getPublicKey(secret, false)),
  })
}

const FORM = { prehash: false, lowS: false, format: 'der' } as const

function verify(
  hash: string | null | undefined,
  given: Uint8Array,
  key: KeyObject,
  sent: Uint8Array,
): boolean {
  const data = Uint8Array.from(given)
  const signature = Uint8Array.from(sent)
  const point = key['point'] as Uint8Array
  try {
    if (key['asymmetricKeyType'] === 'ed25519') return ed25519.verify(signature, data, point)
    if (key['asymmetricKeyType'] === 'ec')
      return (key['curve'] as Curve).verify(signature, hashOf(hash!)(data), point, FORM)
  } catch {
    // The signature has none of the forms of the curve.
    return false
  }
  return verifyPkcs1(hash!, data, key['rsa'] as RsaKey, signature)
}

function sign(hash: string | null | undefined, given: Uint8Array, key: KeyObject): Buffer {
  const data = Uint8Array.from(given)
  if ('seed' in key) return Buffer.from(ed25519.sign(data, key['seed'] as Uint8Array))
  if ('curve' in key)
    return Buffer.from(
      (key['curve'] as Curve).sign(hashOf(hash!)(data), key['secret'] as Uint8Array, FORM),
    )
  return signPkcs1(hash!, data, key['rsa'] as RsaKey)
}

interface Cipher {
  setAutoPadding(padding: boolean): Cipher
  update(data: Uint8Array): Buffer
  final(): Buffer
}

/** AES-256-CBC without padding: the only one that is used. */
function cipher(way: 'encrypt' | 'decrypt') {
  return (name: string, key: Uint8Array, iv: Uint8Array): Cipher => {
    if (name !== 'aes-256-cbc') throw new Error(`Unknown cipher: ${name}`)
    const made = cbc(Uint8Array.from(key), Uint8Array.from(iv), { disablePadding: true })
    const self: Cipher = {
      setAutoPadding: () => self,
      update: (data) => Buffer.from(made[way](Uint8Array.from(data))),
      final: () => Buffer.alloc(0),
    }
    return self
  }
}

/** The part of node:crypto that is loaded when a key asks for it. */
export const publicKeys = {
  createPublicKey,
  createPrivateKey,
  verify,
  sign,
  verifyPss: (hash: string, data: Uint8Array, key: KeyObject, signature: Uint8Array): boolean =>
    verifyPss(hash, data, key['rsa'] as RsaKey, signature),
  signPss: (hash: string, data: Uint8Array, key: KeyObject): Buffer =>
    signPss(hash, data, key['rsa'] as RsaKey),
  createDecipheriv: cipher('decrypt'),
  createCipheriv: cipher('encrypt'),
}
export type PublicKeys = typeof publicKeys
