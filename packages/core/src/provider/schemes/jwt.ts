import { Buffer } from 'node:buffer'
import type { Delivery } from '../../delivery.ts'
import { WebhookError } from '../../errors.ts'
import type { compactVerify } from 'jose'
import { fetchedJwks, type Jwk, type JwkSource } from '../lookup/jwks.ts'
import { peer, type Peer } from '../peer.ts'
import type { Scheme } from '../scheme.ts'
import { malformed, mismatch, singleHeader } from './signature/header.ts'
import { checkTimestamp, toleranceOption } from './signature/timestamp.ts'

/** Algorithms a token may be signed with: asymmetric ones only, since the keys are public. */
export type JwtAlgorithm = 'ES256' | 'ES384' | 'RS256' | 'RS512' | 'PS256' | 'EdDSA'

/** The claims of a token whose signature is right. */
export type JwtClaims = Readonly<Record<string, unknown>>

/** Options of {@link jwt}. */
export interface JwtOptions {
  /** The algorithms that count; a token that names another one is refused before its key is looked for. */
  readonly algorithms: readonly JwtAlgorithm[]
  /** The header that carries the token alone. @default `Authorization`, with `Bearer` before the token */
  readonly header?: string
  /** Allowed values of `iss`. */
  readonly issuer?: readonly string[]
  /** Allowed values of `aud`. */
  readonly audience?: (delivery: Delivery) => readonly string[]
  /** Requires `iat`, and refuses a token that is more than this many seconds old, or as far in the future. */
  readonly maxAge?: number
  /** Seconds the clocks may differ. @default 60 for `nbf` and a future `iat`, 0 for `exp` */
  readonly tolerance?: number | undefined
  /** Claims that must be there. */
  readonly required?: readonly string[]
  /** Checks more than signature and claims; throws a `WebhookError`. */
  readonly check?: (claims: JwtClaims, delivery: Delivery) => void
  /** True if the token vouches for the body, as a hash in its claims that `check` compares. @default false */
  readonly coversBody?: boolean
}

const jose: Peer<{ readonly compactVerify: typeof compactVerify }> = /* @__PURE__ */ peer(
  'jose',
  async () => {
    // Bundlers fail for an import that they cannot resolve, but not inside `try`.
    try {
      return await import('jose')
    } catch (cause) {
      throw new Error('jose cannot be loaded', { cause })
    }
  },
)

/**
 * A signed JSON Web Token (RFC 7519, RFC 8725), checked by the package jose, an optional peer that is loaded with the
 * first delivery. A key is a source of public keys; as a secret, the https URL of a JSON Web Key Set.
 *
 * @throws TypeError if jose is not installed.
 *
 * @example scheme: () => jwt({ algorithms: ['RS256'], issuer: ['https://issuer.example.com'], required: ['exp'] })
 */
export function jwt(options: JwtOptions): Scheme<JwkSource> {
  jose.check('jwt')
  const header = options.header?.toLowerCase() ?? 'authorization'
  const ahead = toleranceOption(options.tolerance, 60)
  const late = toleranceOption(options.tolerance, 0)
  return {
    covers: { body: options.coversBody ? 'bytes' : 'none', timestamp: true },
    credentials: { headers: [header] },
    // One that vouches for this body opens nothing else.
    ...(options.coversBody && options.header !== undefined && { signatures: [header] }),
    needs: [header],
    key: (url) => fetchedJwks(url),
    async verify(delivery, keys, now) {
      const token = readToken(delivery, options.header === undefined ? undefined : header)
      const { kid } = readHead(token, header, options.algorithms)
      for (let at = 0; at < keys.length; at++) {
        for (const key of await keys[at]!.find(kid, now)) {
          const claims = await verified(token, key, options.algorithms)
          if (!claims) continue
          checkClaims(claims, delivery, now)
          options.check?.(claims, delivery)
          keys[at]!.verified?.(kid)
          return at
        }
      }
      throw mismatch({ header }, keys.length)
    },
  }

  function checkClaims(claims: JwtClaims, delivery: Delivery, now: number): void {
    for (const name of options.required ?? [])
      if (claims[name] === undefined)
        throw new WebhookError('malformed_header', { problem: 'missing', header, field: name })
    const exp = seconds(claims, 'exp', header)
    const nbf = seconds(claims, 'nbf', header)
    const iat = seconds(claims, 'iat', header)
    if (exp !== undefined) checkTimestamp(Math.min(exp * 1000, now), now, late)
    if (nbf !== undefined) checkTimestamp(Math.max(nbf * 1000, now), now, ahead)
    if (options.maxAge === undefined) {
      if (iat !== undefined) checkTimestamp(Math.max(iat * 1000, now), now, ahead)
    } else if (iat === undefined)
      throw new WebhookError('malformed_header', { problem: 'missing', header, field: 'iat' })
    else checkTimestamp(iat * 1000, now, options.maxAge)
    if (options.issuer) expect('iss', claims, options.issuer, header)
    if (options.audience) expect('aud', claims, options.audience(delivery), header)
  }
}

function readToken(delivery: Delivery, header: string | undefined): string {
  if (header !== undefined) return singleHeader(delivery, header).trim()
  const match = /^bearer +([^\s,]+) *$/i.exec(singleHeader(delivery, 'authorization'))
  if (!match) throw malformed({ header: 'authorization' }, 'Bearer and one token')
  return match[1]!
}

function readHead(
  token: string,
  header: string,
  algorithms: readonly string[],
): { readonly kid: string | undefined } {
  const parts = /^([\w-]+)\.[\w-]*\.([\w-]*)$/.exec(token)
  let head: unknown
  try {
    head = JSON.parse(Buffer.from(parts?.[1] ?? '', 'base64url').toString('utf8'))
  } catch {
    head = undefined
  }
  const alg = memberOf(head, 'alg')
  if (!parts || typeof alg !== 'string') throw malformed({ header }, 'a signed JSON Web Token')
  if (!algorithms.includes(alg))
    throw malformed({ header }, `a token signed with ${algorithms.join(' or ')}`)
  const kid = memberOf(head, 'kid')
  return { kid: typeof kid === 'string' ? kid : undefined }
}

function memberOf(value: unknown, name: 'alg' | 'kid'): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined
}

/** The claims if this key signed the token, undefined if it did not. */
async function verified(
  token: string,
  key: Jwk,
  algorithms: readonly string[],
): Promise<JwtClaims | undefined> {
  const { compactVerify: check } = jose.loaded ?? (await jose.load())
  try {
    const { payload } = await check(token, key as never, { algorithms: [...algorithms] })
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? (claims as JwtClaims)
      : undefined
  } catch {
    // The key has another type or use, or is simply another key: the sender must not learn which.
    return undefined
  }
}

function seconds(claims: JwtClaims, name: string, header: string): number | undefined {
  const value = claims[name]
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw malformed({ header, field: name }, 'a number of seconds')
  return value
}

function expect(
  name: 'iss' | 'aud',
  claims: JwtClaims,
  allowed: readonly string[],
  header: string,
): void {
  const value = claims[name]
  const values: readonly unknown[] = Array.isArray(value) && name === 'aud' ? value : [value]
  if (!values.some((one) => typeof one === 'string' && allowed.includes(one)))
    throw new WebhookError('unknown_sender', {
      problem: 'not_allowed',
      header,
      field: name,
      expected: allowed.join(' or '),
    })
}
