import { createPublicKey } from 'node:crypto'
import {
  type MaybePromise,
  ecdsaAlgorithm,
  ed25519Algorithm,
  hmacAlgorithm,
  parseKeyPair,
  rsaAlgorithm,
  type KeyPair,
  type SignatureAlgorithm,
  type Jwk,
  type JwkSource,
} from '@postern/core/internal'
import type { KeyEncoding } from '@postern/core/scheme'

/** Registered names of algorithms (RFC 9421, section 3.3). */
export type HttpSignatureAlgorithm =
  | 'hmac-sha256'
  | 'ed25519'
  | 'ecdsa-p256-sha256'
  | 'ecdsa-p384-sha384'
  | 'rsa-pss-sha512'
  | 'rsa-v1_5-sha256'

/** A key with its only algorithm. So a message's `alg` cannot make the key work with another algorithm. */
export interface HttpSignatureKey {
  readonly alg: HttpSignatureAlgorithm
  /** The `keyid` that signatures with this key must have. Undefined if any `keyid` is accepted. */
  readonly keyId?: string | undefined
  /** Returns true if this key made `signature` (base64) over the text `base`. */
  verify(base: string, signature: string): boolean
  /** Returns the signature in base64. */
  sign(base: string): string
}

/** One key, or a key set that finds keys by `keyid`. */
export interface HttpSignatureKeys {
  find(keyId: string | undefined, now: number): MaybePromise<readonly HttpSignatureKey[]>
  readonly first?: HttpSignatureKey
}

/** Makes a key from a secret, which is PEM unless `alg` is `hmac-sha256`. */
export function secretKey(
  secret: string,
  alg: HttpSignatureAlgorithm,
  options: { readonly keyId?: string | undefined; readonly keyEncoding?: KeyEncoding | undefined },
): HttpSignatureKeys {
  const algorithm = algorithmOf(alg, options.keyEncoding)
  const first = bound(alg, algorithm, algorithm.key(secret), options.keyId)
  return { find: () => [first], first }
}

/**
 * Returns the keys of a JSON Web Key Set. Ignores keys for other algorithms, and keys for which `allowed` returns
 * false.
 */
export function jwkKeys(
  source: JwkSource,
  algorithms: readonly HttpSignatureAlgorithm[],
  allowed: (key: Jwk) => boolean = () => true,
): HttpSignatureKeys {
  const prepared = new WeakMap<Jwk, HttpSignatureKey>()
  const usable = (keys: readonly Jwk[]): readonly HttpSignatureKey[] =>
    keys.flatMap((jwk) => {
      const alg = jwkAlgorithm(jwk)
      if (alg === undefined || !algorithms.includes(alg) || !allowed(jwk)) return []
      let key = prepared.get(jwk)
      if (!key) {
        key = fromJwk(jwk, alg)
        if (!key) return []
        prepared.set(jwk, key)
      }
      return [key]
    })
  return {
    find(keyId, now) {
      const found = keyId === undefined ? [] : source.find(keyId, now)
      return found instanceof Promise ? found.then(usable) : usable(found)
    },
  }
}

function fromJwk(jwk: Jwk, alg: HttpSignatureAlgorithm): HttpSignatureKey | undefined {
  try {
    const publicKey = createPublicKey({ key: jwk as never, format: 'jwk' })
    return bound(alg, algorithmOf(alg), { publicKey }, jwk.kid)
  } catch {
    return undefined
  }
}

function bound<Key>(
  alg: HttpSignatureAlgorithm,
  algorithm: SignatureAlgorithm<Key>,
  key: Key,
  keyId: string | undefined,
): HttpSignatureKey {
  return {
    alg,
    keyId,
    verify: (base, signature) => algorithm.matches(key, base, [signature]),
    sign: (base) => algorithm.sign!(key, base),
  }
}

function algorithmOf(
  alg: HttpSignatureAlgorithm,
  keyEncoding?: KeyEncoding,
): SignatureAlgorithm<unknown> {
  if (Object.hasOwn(ALGORITHMS, alg)) return ALGORITHMS[alg](keyEncoding)
  throw new TypeError(
    `alg must be an algorithm of RFC 9421 (${Object.keys(ALGORITHMS).join(', ')}), got ${String(alg)}`,
  )
}

const ALGORITHMS: Readonly<
  Record<HttpSignatureAlgorithm, (keyEncoding?: KeyEncoding) => SignatureAlgorithm<any>>
> = {
  'hmac-sha256': (keyEncoding) => hmacAlgorithm({ encoding: 'base64', keyEncoding }),
  ed25519: () => ({ ...ed25519Algorithm('base64'), key: ed25519Pem }),
  'ecdsa-p256-sha256': () => ecdsaAlgorithm({ form: 'raw' }),
  'ecdsa-p384-sha384': () => ecdsaAlgorithm({ form: 'raw', curve: 'P-384' }),
  'rsa-pss-sha512': () => rsaAlgorithm({ padding: 'pss', hash: 'sha512' }),
  'rsa-v1_5-sha256': () => rsaAlgorithm(),
}

function ed25519Pem(secret: string): KeyPair {
  const expected = 'an Ed25519 key, as PEM or as base64 of its SPKI form'
  const pair = parseKeyPair(secret, expected)
  if ((pair.publicKey as { asymmetricKeyType?: string }).asymmetricKeyType !== 'ed25519')
    throw new TypeError(`the key must be ${expected}`)
  return pair
}

// Returns the algorithm of a key. Type and curve decide the algorithm. Only an RSA key fits several algorithms, so its
// `alg` decides (RFC 9421, section 3.3.7).
function jwkAlgorithm(jwk: Jwk): HttpSignatureAlgorithm | undefined {
  if (jwk.kty === 'OKP' && jwk['crv'] === 'Ed25519') return 'ed25519'
  if (jwk.kty === 'EC' && jwk['crv'] === 'P-256') return 'ecdsa-p256-sha256'
  if (jwk.kty === 'EC' && jwk['crv'] === 'P-384') return 'ecdsa-p384-sha384'
  if (jwk.kty === 'RSA' && jwk['alg'] === 'PS512') return 'rsa-pss-sha512'
  if (jwk.kty === 'RSA' && jwk['alg'] === 'RS256') return 'rsa-v1_5-sha256'
  return undefined
}
