import { WebhookError, type MaybePromise } from '@postern/core'
import { checkFetchOptions, fetchBounded, type FetchOptions } from './fetch-bounded.ts'

/** A JSON Web Key (RFC 7517). */
export interface Jwk {
  readonly kty: string
  readonly kid?: string | undefined
  readonly [member: string]: unknown
}

/** A JSON Web Key Set. */
export interface Jwks {
  readonly keys: readonly Jwk[]
}

/** Where the keys of a sender come from. */
export interface JwkSource {
  /** Keys that may have the id, all of them where it is undefined; none where the id is unknown. `now` in milliseconds since 1970. */
  find(kid: string | undefined, now: number): MaybePromise<readonly Jwk[]>
}

/** A key set that was given. Throws a `TypeError` naming the option where it is none. */
export function givenJwks(jwks: Jwks, option: string): JwkSource {
  const keys = keysOf(jwks)
  if (!keys || keys.length === 0)
    throw new TypeError(
      `${option} must be a JSON Web Key Set of public keys: { keys: [{ kty, kid, … }] }`,
    )
  return { find: (kid) => named(keys, kid) }
}

/** How {@link fetchedJwks} and {@link keyedJwks} keep keys. */
export interface JwksCacheOptions extends FetchOptions {
  /** Milliseconds after which keys are fetched again. @default one hour */
  readonly maxAge?: number | undefined
}

const HOUR = 3_600_000
// An id nobody knows can be made up by anybody: it makes us fetch this often at most.
const COOLDOWN = 60_000
const MOST_KEYS = 100

/**
 * The key set behind a URL: fetched when it is first needed, kept for `maxAge`, fetched again for an unknown key id but
 * at most once a minute. While a fetch fails, keys that are known go on counting.
 */
export function fetchedJwks(url: string, options: JwksCacheOptions = {}): JwkSource {
  checkKeysUrl(url)
  checkFetchOptions(options)
  const { maxAge = HOUR } = options
  let known: readonly Jwk[] | undefined
  let at = Number.NEGATIVE_INFINITY
  let asked = Number.NEGATIVE_INFINITY
  let fetching: Promise<readonly Jwk[]> | undefined

  const renew = (now: number): Promise<readonly Jwk[]> => {
    asked = now
    return (fetching ??= load(url, options)
      .then((keys) => {
        at = now
        return (known = keys)
      })
      .finally(() => (fetching = undefined)))
  }
  return {
    find(kid, now) {
      const mayAsk = now - asked >= COOLDOWN || now < asked
      if (known === undefined) {
        if (fetching !== undefined || mayAsk) return renew(now).then((keys) => named(keys, kid))
        throw new WebhookError('secret_unavailable', `the keys of ${url} could not be fetched`)
      }
      const keys = known
      const found = named(keys, kid)
      if (!mayAsk || (found.length > 0 && now - at < maxAge)) return found
      return renew(now).then(
        (fresh) => named(fresh, kid),
        () => found,
      )
    },
  }
}

/** Keys that are asked for one by one, by their id. `undefined` from `ask` means that there is no such key. */
export function keyedJwks(
  ask: (kid: string) => Promise<Jwk | undefined>,
  options: JwksCacheOptions = {},
): JwkSource {
  checkFetchOptions(options)
  const { maxAge = HOUR } = options
  const known = new Map<string, { readonly at: number; readonly key: Promise<Jwk | undefined> }>()
  let unknown = Number.NEGATIVE_INFINITY
  return {
    async find(kid, now) {
      if (kid === undefined) return []
      const entry = known.get(kid)
      if (entry && (now - entry.at < maxAge || now - unknown < COOLDOWN))
        return listed(await entry.key)
      if (now - unknown < COOLDOWN) return []
      const key = ask(kid)
      known.delete(kid)
      known.set(kid, { at: now, key })
      if (known.size > MOST_KEYS) known.delete(known.keys().next().value!)
      try {
        const found = await key
        if (found === undefined) {
          // Made-up ids are not kept: they would drive the real ones out.
          known.delete(kid)
          unknown = now
        }
        return listed(found)
      } catch (error) {
        known.delete(kid)
        if (!entry) throw error
        known.set(kid, { at: now, key: entry.key })
        return listed(await entry.key)
      }
    },
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
  if (!keys) throw new WebhookError('secret_unavailable', `${url} gave no JSON Web Key Set`)
  return keys
}

// Symmetric keys have no place in a published set, and `oct` would make one of it.
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
