import { createHash } from 'node:crypto'
import type { Delivery } from '../../delivery.ts'
import { memberOf, WebhookError } from '../../errors.ts'
import { safeEqual } from '../safe-equal.ts'
import type { SignatureEncoding } from './signature/template.ts'
import { malformed, mismatch, singleHeader } from './signature/header.ts'
import { checkTimestamp, toleranceOption } from './signature/timestamp.ts'
import { textBytes, utf8 } from '../../body/bytes.ts'

export type JwtClaims = Readonly<Record<string, unknown>>

/** The header with the token, and the claims that the token must have. */
export interface JwtClaimsOptions {
  /** The header with the token. @default `Authorization`, with `Bearer` before the token */
  readonly header?: string
  /** Allowed values of `iss`. */
  readonly issuer?: readonly string[]
  /** Returns the allowed values of `aud`, such as the URL of the delivery. */
  readonly audience?: (delivery: Delivery) => readonly string[]
  /**
   * Maximum difference of `iat` from now, in seconds, in the past or future. If set, tokens without `iat` are rejected.
   */
  readonly maxAge?: number
  /**
   * Maximum difference between the clocks of sender and receiver, in seconds. @default 60 for `nbf` and a future `iat`,
   * 0 for `exp`
   */
  readonly tolerance?: number | undefined
  /** Names of required claims. */
  readonly required?: readonly string[]
  /** The claim with the SHA-256 of the body. Tokens without this claim are rejected unless the body is empty. */
  readonly bodyHash?: {
    readonly claim: string
    /**
     * Encoding of the hash. Hex may be in upper or lower case, base64 and base64url with or without padding. @default
     * 'hex'
     */
    readonly encoding?: SignatureEncoding
  }
  /**
   * Makes further checks, after the signature and the claims were checked. Throws a `WebhookError` to reject the
   * delivery.
   */
  readonly check?: (claims: JwtClaims, delivery: Delivery) => void
}

/**
 * Creates the function that checks the claims of a verified token. The function throws a `WebhookError` for a wrong
 * claim.
 */
export function claimsCheck(
  options: JwtClaimsOptions,
  header: string,
): (claims: JwtClaims, delivery: Delivery, now: number) => void {
  const ahead = toleranceOption(options.tolerance, 60)
  const late = toleranceOption(options.tolerance, 0)
  return (claims, delivery, now) => {
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
    if (options.bodyHash) checkBody(claims, delivery, options.bodyHash, header)
    options.check?.(claims, delivery)
  }
}

export function readToken(delivery: Delivery, header: string | undefined): string {
  if (header !== undefined) return singleHeader(delivery, header).trim()
  const match = /^bearer +([^\s,]+) *$/i.exec(singleHeader(delivery, 'authorization'))
  if (!match) throw malformed({ header: 'authorization' }, 'Bearer and one token')
  return match[1]!
}

/** Returns algorithm and key id of a token. Throws for an algorithm that the options do not allow. */
export function readHead(
  token: string,
  header: string,
  algorithms: readonly string[],
): { readonly alg: string; readonly kid: string | undefined } {
  const parts = /^([\w-]+)\.[\w-]*\.([\w-]*)$/.exec(token)
  let head: unknown
  try {
    head = JSON.parse(utf8(textBytes(parts?.[1] ?? '', 'base64url')))
  } catch {
    head = undefined
  }
  const alg = memberOf(head, 'alg')
  if (!parts || typeof alg !== 'string') throw malformed({ header }, 'a signed JSON Web Token')
  if (!algorithms.includes(alg))
    throw malformed({ header }, `a token signed with ${algorithms.join(' or ')}`)
  // `crit` names required extensions, and Postern supports none (RFC 7515, section 4.1.11).
  if (memberOf(head, 'crit') !== undefined) throw malformed({ header }, 'a token without crit')
  const kid = memberOf(head, 'kid')
  return { alg, kid: typeof kid === 'string' ? kid : undefined }
}

export function claimsOf(payload: Uint8Array): JwtClaims | undefined {
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? (claims as JwtClaims)
      : undefined
  } catch {
    return undefined
  }
}

export function bodyHashOf(body: Uint8Array, encoding: SignatureEncoding = 'hex'): string {
  return createHash('sha256').update(body).digest(encoding)
}

function checkBody(
  claims: JwtClaims,
  delivery: Delivery,
  { claim, encoding = 'hex' }: NonNullable<JwtClaimsOptions['bodyHash']>,
  header: string,
): void {
  const given = claims[claim]
  if (given === undefined && delivery.body.byteLength === 0) return
  if (typeof given !== 'string')
    throw new WebhookError('malformed_header', { problem: 'missing', header, field: claim })
  const plain = (text: string): string =>
    encoding === 'hex' ? text.toLowerCase() : text.replace(/=$/, '')
  if (!safeEqual(plain(bodyHashOf(delivery.body, encoding)), plain(given)))
    throw mismatch({ header, field: claim }, 1, { delivery })
}

function seconds(claims: JwtClaims, name: string, header: string): number | undefined {
  const value = claims[name]
  if (value === undefined) return undefined
  if (!Number.isFinite(value)) throw malformed({ header, field: name }, 'a number of seconds')
  return value as number
}

function expect(
  name: 'iss' | 'aud',
  claims: JwtClaims,
  allowed: readonly string[],
  header: string,
): void {
  const value = claims[name]
  const values: readonly unknown[] = Array.isArray(value) && name === 'aud' ? value : [value]
  if (!values.some((one) => allowed.includes(one as string)))
    throw new WebhookError('unknown_sender', {
      problem: 'not_allowed',
      header,
      field: name,
      expected: allowed.join(' or '),
    })
}
