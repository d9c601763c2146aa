import { textBytes, encode, toBuffer } from '../../body/bytes.ts'
import type { Delivery } from '../../delivery.ts'
import type { Scheme, SignableRequest } from '../scheme.ts'
import { mismatch } from './signature/header.ts'
import type { HashName } from './signature/template.ts'
import { hmacAlgorithm } from './hmac.ts'
import {
  bodyHashOf,
  claimsCheck,
  claimsOf,
  readHead,
  readToken,
  type JwtClaims,
  type JwtClaimsOptions,
} from './jwt-claims.ts'

/** Algorithms with a shared secret: whoever can verify can also sign. */
export type SharedJwtAlgorithm = 'HS256' | 'HS384' | 'HS512'

export interface SharedJwtOptions extends JwtClaimsOptions {
  /** The allowed algorithms, all with a shared secret. `sign` uses the first algorithm. */
  readonly algorithms: readonly SharedJwtAlgorithm[]
  /**
   * Returns the URL that the token should contain, for the message of a rejection. @default the message names no URL
   */
  readonly url?: (delivery: Delivery) => string
  /**
   * Returns more claims for `sign`, in addition to `iss`, `iat`, `aud` and the hash of the body.
   * @default none
   */
  readonly claims?: (request: SignableRequest, seconds: number) => JwtClaims
}

const HASHES: Readonly<Record<SharedJwtAlgorithm, HashName>> = {
  HS256: 'sha256',
  HS384: 'sha384',
  HS512: 'sha512',
}

/** Creates a scheme for JSON Web Tokens with a shared secret. The secret's text is the key (RFC 7518, section 3.2). */
export function sharedJwt(options: SharedJwtOptions): Scheme<Uint8Array> {
  const { bodyHash, algorithms } = options
  const header = options.header?.toLowerCase() ?? 'authorization'
  const alone = options.header === undefined ? undefined : header
  const check = claimsCheck(options, header)
  const macs = new Map(
    algorithms.map((name) => [
      name as string,
      hmacAlgorithm({ algorithm: HASHES[name], encoding: 'base64url' }),
    ]),
  )
  const [first] = algorithms
  return {
    words: `JWT (${options.algorithms.join(', ')})${bodyHash ? ` with the SHA-256 of {body}, ${bodyHash.encoding ?? 'hex'}` : '; the body is not signed'}`,
    place: { header: options.header ?? 'Authorization' },
    covers: { body: bodyHash ? 'bytes' : 'none', timestamp: true },
    credentials: { headers: [header] },
    ...(bodyHash && alone !== undefined && { signatures: [header] }),
    needs: [header],
    key(secret) {
      // Everybody knows a public key. If it were used as the shared secret, everybody could sign.
      if (/-----BEGIN |^\s*\{|^https:\/\//.test(secret))
        throw new TypeError(
          `the secret must be a shared secret for ${algorithms.join(', ')}, not a public key`,
        )
      return toBuffer(secret)
    },
    verify(delivery: Delivery, keys, now) {
      const token = readToken(delivery, alone)
      const { alg } = readHead(token, header, algorithms)
      const end = token.lastIndexOf('.')
      const message = token.slice(0, end)
      const candidates = [token.slice(end + 1)]
      const at = keys.findIndex((key) => macs.get(alg)!.matches(key, message, candidates))
      const claims =
        at < 0
          ? undefined
          : claimsOf(textBytes(message.slice(message.indexOf('.') + 1), 'base64url'))
      if (!claims)
        throw mismatch({ header }, keys.length, {
          url: options.url?.(delivery),
          ...(bodyHash && { delivery }),
        })
      check(claims, delivery, now)
      return at
    },
    sign(request, key, now) {
      const seconds = Math.floor(now / 1000)
      const claims = {
        ...(options.issuer && { iss: options.issuer[0] }),
        ...(options.audience && { aud: request.url }),
        iat: seconds,
        ...(bodyHash && { [bodyHash.claim]: bodyHashOf(request.body, bodyHash.encoding) }),
        ...options.claims?.(request, seconds),
      }
      const message = [{ alg: first, typ: 'JWT' }, claims].map(encoded).join('.')
      const token = `${message}.${macs.get(first!)!.sign!(key, message)}`
      const value = alone === undefined ? `Bearer ${token}` : token
      return { ...request, headers: { ...request.headers, [header]: value } }
    },
  }
}

function encoded(value: object): string {
  return encode(toBuffer(JSON.stringify(value)), 'base64url')
}
