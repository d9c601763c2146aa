import { LRUCache } from 'lru-cache'
import { WebhookError, errorText } from '../../errors.ts'
import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { bucket, type LookupBucket, lookups } from './lookups.ts'
import type { TrustedNames } from './trusted-names.ts'
import { readBounded } from '../../body/read-bounded.ts'

/** A JSON Web Key (RFC 7517). */
export interface Jwk {
  readonly kty: string
  readonly kid?: string | undefined
  readonly [member: string]: unknown
}

export interface Jwks {
  readonly keys: readonly Jwk[]
}

export interface JwkSource {
  /**
   * Returns the keys with the id `kid`: all keys if `kid` is undefined, no key if `kid` is unknown. `now` is in
   * milliseconds since 1970.
   */
  find(kid: string | undefined, now: number): MaybePromise<readonly Jwk[]>
  verified?(kid: string | undefined): void
  /**
   * Key ids with which a delivery was verified before. These ids are looked up under separate limits, so that requests
   * with invented ids cannot delay these look-ups.
   */
  readonly trusted?: TrustedNames
}

/** Creates a source from a key set. Throws a `TypeError` that names `option` if `jwks` has no public key. */
export function givenJwks(jwks: Jwks, option: string): JwkSource {
  const keys = keysOf(jwks)
  if (!keys || keys.length === 0)
    throw new TypeError(
      `${option} must be a JSON Web Key Set of public keys: { keys: [{ kty, kid, … }] }`,
    )
  return { find: (kid) => named(keys, kid) }
}

export interface JwksCacheOptions extends FetchOptions {
  /** Milliseconds after which keys are fetched again. @default one hour */
  readonly maxAge?: number | undefined
}

const HOUR = 3_600_000
// Anybody can invent a key id. If a fresh key set does not contain an id, that id causes no further fetch for this many
// milliseconds.
const UNKNOWN = 60_000
const MOST_UNKNOWN = 1000
// Minimum number of milliseconds between a failed fetch and the next one.
const FAILED = 10_000
// Maximum number of fetches of one key set per minute. Senders change a set only a few times a year.
const FETCHES = 6

/**
 * Creates a source from the URL of a key set. The set is fetched on demand, kept for `maxAge`, and fetched again for an
 * unknown key id, at most six times per minute. Beyond this limit, an unknown id fails with `secret_unavailable` (503).
 * While fetches fail, known keys are still used.
 *
 * @example fixedKeys(jwt({ algorithms: ['RS256'] }), [fetchedJwks('https://acme.example/jwks.json')])
 */
export function fetchedJwks(url: string, options: JwksCacheOptions = {}): JwkSource {
  checkKeysUrl(url)
  checkFetchOptions(options)
  const { maxAge = HOUR } = options
  const unknown = new LRUCache<string, number>({ max: MOST_UNKNOWN })
  // Fetches that renew known keys have a separate limit, so that requests with invented ids cannot block these fetches.
  const fetches = {
    known: bucket({ perMinute: FETCHES, atOnce: 1 }),
    unknown: bucket({ perMinute: FETCHES, atOnce: 1 }),
  }
  let known: readonly Jwk[] = []
  let at = Number.NEGATIVE_INFINITY
  let failed: { readonly at: number; readonly error: unknown } | undefined
  let fetching: Promise<readonly Jwk[]> | undefined

  const renew = (now: number, bounds: LookupBucket): Promise<readonly Jwk[]> =>
    (fetching ??= bounds
      .run(now, () => load(url, options))
      .then(
        (keys) => {
          at = now
          failed = undefined
          return (known = keys)
        },
        (error: unknown) => {
          failed = { at: now, error }
          throw error
        },
      )
      .finally(() => (fetching = undefined)))
  return {
    find(kid, now) {
      if (kid !== undefined && kid.length > MAX_KID) return []
      const found = named(known, kid)
      if (found.length > 0 && now - at < maxAge) return found
      const past = kid === undefined ? undefined : unknown.get(kid)
      if (found.length === 0 && past !== undefined && Math.abs(now - past) < UNKNOWN) return []
      if (failed && Math.abs(now - failed.at) < FAILED) {
        if (found.length > 0) return found
        throw failed.error
      }
      return renew(now, found.length > 0 ? fetches.known : fetches.unknown).then(
        (keys) => {
          const fresh = named(keys, kid)
          if (kid !== undefined && fresh.length === 0) unknown.set(kid, now)
          return fresh
        },
        (error: unknown) => {
          if (found.length > 0) return found
          throw error
        },
      )
    },
  }
}

const MAX_KID = 256

/** Creates a source that calls `ask` for each key id. `ask` returns `undefined` if no key has this id. */
export function keyedJwks(
  ask: (kid: string) => Promise<Jwk | undefined>,
  options: JwksCacheOptions = {},
): JwkSource {
  checkFetchOptions(options)
  const keys = lookups<Jwk>({ maxAge: options.maxAge ?? HOUR })
  return {
    find(kid, now) {
      if (kid === undefined || kid.length > MAX_KID) return []
      const found = keys.find(kid, now, () => ask(kid))
      return isPromise(found) ? found.then(listed) : listed(found)
    },
    verified: (kid) => void (kid !== undefined && keys.trust(kid)),
    trusted: keys.trusted,
  }
}

function listed(key: Jwk | undefined): readonly Jwk[] {
  return key === undefined ? [] : [key]
}

function named(keys: readonly Jwk[], kid: string | undefined): readonly Jwk[] {
  return kid === undefined ? keys : keys.filter((key) => key.kid === kid)
}

async function load(url: string, options: FetchOptions): Promise<readonly Jwk[]> {
  const bytes = await fetchBounded(url, options, { headers: { accept: 'application/json' } })
  let keys: readonly Jwk[] | undefined
  try {
    keys = keysOf(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    keys = undefined
  }
  if (!keys) throw new WebhookError('secret_unavailable', { problem: 'no_key_set', got: url })
  return keys
}

// Returns only public keys. A published set must not contain symmetric keys (`oct`), since anybody who reads the set
// could sign with them.
function keysOf(value: unknown): readonly Jwk[] | undefined {
  const keys =
    typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined
  if (!Array.isArray(keys)) return undefined
  return (keys as unknown[]).filter(
    (key): key is Jwk =>
      typeof key === 'object' &&
      key !== null &&
      'kty' in key &&
      (key.kty === 'EC' || key.kty === 'RSA' || key.kty === 'OKP'),
  )
}

function checkKeysUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'https:')
    throw new TypeError(`the URL of a key set must be https, got ${url}`)
}

/** The part of `fetch` that Postern uses; any HTTP client can implement it. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>

export interface FetchOptions {
  /** Replaces the global `fetch`: for a proxy or a test. @default globalThis.fetch */
  readonly fetch?: FetchFunction | undefined
  /** Maximum time of a fetch including its body, in milliseconds. @default 5000 */
  readonly timeout?: number | undefined
}

const LIMIT = 256 * 1024

/**
 * Fetches bytes from a URL: at most 256 KiB, within the time limit, without following redirects. If the response has
 * the HTTP status `nothing`, the body is ignored and an empty array is returned.
 *
 * @throws WebhookError `secret_unavailable` (503), so that the sender tries again.
 */
export async function fetchBounded(
  url: string,
  options: FetchOptions,
  init: RequestInit = {},
  nothing?: number,
): Promise<Uint8Array> {
  const { fetch = globalThis.fetch, timeout = 5000 } = options
  const signal = AbortSignal.timeout(timeout)
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal })
    if (response.status === nothing) {
      await response.body?.cancel()
      return new Uint8Array(0)
    }
    if (!response.ok) throw new Error(`status ${response.status}`)
    return await readBounded(response.body, LIMIT)
  } catch (cause) {
    const { host } = new URL(url)
    throw new WebhookError(
      'secret_unavailable',
      { problem: 'fetch_failed', got: host, text: errorText(cause) },
      { cause },
    )
  }
}

/**
 * Fetches as {@link fetchBounded} does, for a URL from an unverified request. URLs with a host from `hosts` are fetched
 * directly. Other URLs go through the address guard, which allows only ports 80 and 443 of the public internet. On
 * runtimes without sockets, there is no guard, and only URLs with a host from `hosts` are fetched.
 *
 * @returns undefined if the URL must not be fetched.
 */
export async function fetchNamed(
  url: string,
  options: FetchOptions,
  hosts: readonly string[],
): Promise<Uint8Array | undefined> {
  if (!URL.canParse(url)) return undefined
  const { hostname, protocol, port, username, password } = new URL(url)
  const isWeb = protocol === 'https:' || protocol === 'http:'
  if (isWeb && port === '' && username === '' && password === '' && hosts.includes(hostname))
    return fetchBounded(url, options)
  if (!hasSockets()) return undefined
  try {
    const { guardedFetch, strangersGuard } = await import('../../guard/guarded-fetch.ts')
    const guard = strangersGuard()
    guard.url(url)
    return await fetchBounded(url, { fetch: guardedFetch(guard), ...options })
  } catch (error) {
    if (isRejected(error) || (error instanceof Error && isRejected(error.cause))) return undefined
    throw error
  }
}

function isRejected(error: unknown): boolean {
  return error instanceof Error && error.name === 'DestinationRejected'
}

function hasSockets(): boolean {
  const { process, navigator } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: unknown }
    readonly navigator?: { readonly userAgent?: string }
  }
  return process?.getBuiltinModule !== undefined && navigator?.userAgent !== 'Cloudflare-Workers'
}

export function checkFetchOptions(options: FetchOptions): void {
  const { fetch, timeout } = options
  if (fetch !== undefined && typeof fetch !== 'function')
    throw new TypeError('fetch must be a function such as globalThis.fetch')
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0))
    throw new TypeError(`timeout must be milliseconds above 0, got ${String(timeout)}`)
}
