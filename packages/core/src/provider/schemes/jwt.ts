import type { Delivery } from '../../delivery.ts'
import type { compactVerify } from 'jose'
import { fetchedJwks, type Jwk, type JwkSource } from '../lookup/jwks.ts'
import { peer, type Peer } from '../peer.ts'
import type { Scheme } from '../scheme.ts'
import { mismatch } from './signature/header.ts'
import {
  claimsCheck,
  claimsOf,
  readHead,
  readToken,
  type JwtClaims,
  type JwtClaimsOptions,
} from './jwt-claims.ts'
import { sharedJwt, type SharedJwtOptions } from './jwt-shared.ts'

export type JwtAlgorithm = 'ES256' | 'ES384' | 'RS256' | 'RS512' | 'PS256' | 'EdDSA'

/** Options of {@link jwt} with public keys. */
export interface JwtOptions extends JwtClaimsOptions {
  /** The allowed algorithms. A token with another algorithm is rejected before its key is looked up. */
  readonly algorithms: readonly JwtAlgorithm[]
  /**
   * True if `check` compares a hash of the body with a claim of the token. @default true with `bodyHash`, else false
   */
  readonly coversBody?: boolean
}

const jose: Peer<{ readonly compactVerify: typeof compactVerify }> = /* @__PURE__ */ peer(
  'jose',
  async () => {
    // The import is inside `try`, because bundlers fail for any other import that they cannot resolve.
    try {
      return await import('jose')
    } catch (cause) {
      throw new Error('jose cannot be loaded', { cause })
    }
  },
)

/**
 * Creates a scheme for signed JSON Web Tokens (RFC 7519, RFC 8725). With public keys, the secret is the https URL of a
 * JSON Web Key Set, or use `fixedKeys` with a source of keys. Public keys need the package jose, an optional peer
 * dependency that is loaded at the first delivery. With a shared secret (`HS256`, `HS384`, `HS512`), the secret's text
 * is the key. One `jwt()` accepts either public keys or a shared secret.
 *
 * @throws TypeError if `algorithms` mixes both kinds, or jose is needed and not installed.
 *
 * @example
 * jwt({ algorithms: ['RS256'], issuer: ['https://issuer.example.com'], required: ['exp'] })
 * jwt({ algorithms: ['HS256'], header: 'X-Webhook-Signature', issuer: ['acme'], bodyHash: { claim: 'sha256' } })
 */
export function jwt(options: SharedJwtOptions): Scheme<Uint8Array>
export function jwt(options: JwtOptions): Scheme<JwkSource>
export function jwt(
  options: JwtOptions | SharedJwtOptions,
): Scheme<Uint8Array> | Scheme<JwkSource> {
  const shared = options.algorithms.filter((name) => name.startsWith('HS'))
  if (shared.length === 0) return publicJwt(options as JwtOptions)
  if (shared.length === options.algorithms.length) return sharedJwt(options as SharedJwtOptions)
  throw new TypeError(
    `jwt: algorithms mixes shared secrets (${shared.join(', ')}) with public keys, so that a public key could pass for a secret; use one scheme for each kind of key`,
  )
}

function publicJwt(options: JwtOptions): Scheme<JwkSource> {
  jose.check('jwt')
  const header = options.header?.toLowerCase() ?? 'authorization'
  const coversBody = options.coversBody ?? options.bodyHash !== undefined
  const check = claimsCheck(options, header)
  return {
    covers: { body: coversBody ? 'bytes' : 'none', timestamp: true },
    credentials: { headers: [header] },
    // A token with a hash of this body grants access to nothing else, so it may be stored for `explain`.
    ...(coversBody && options.header !== undefined && { signatures: [header] }),
    needs: [header],
    key: (url) => fetchedJwks(url),
    async verify(delivery: Delivery, keys, now) {
      const token = readToken(delivery, options.header === undefined ? undefined : header)
      const { kid } = readHead(token, header, options.algorithms)
      for (let at = 0; at < keys.length; at++) {
        for (const key of await keys[at]!.find(kid, now)) {
          const claims = await verified(token, key, options.algorithms)
          if (!claims) continue
          check(claims, delivery, now)
          keys[at]!.verified?.(kid)
          return at
        }
      }
      throw mismatch({ header }, keys.length)
    },
  }
}

async function verified(
  token: string,
  key: Jwk,
  algorithms: readonly string[],
): Promise<JwtClaims | undefined> {
  const { compactVerify: check } = jose.loaded ?? (await jose.load())
  try {
    const { payload } = await check(token, key as never, { algorithms: [...algorithms] })
    return claimsOf(payload)
  } catch {
    // The key has another type or use, or another key signed the token. These cases give the same result, so that a
    // sender cannot find out which keys exist.
    return undefined
  }
}
