import { LRUCache } from 'lru-cache'
import type { Delivery } from '../delivery.ts'
import { toWebhookError, WebhookError } from '../errors.ts'
import { isPromise, type MaybePromise } from '../basics/maybe.ts'
import type { TrustedNames } from './lookup/trusted-names.ts'

/** A secret with the tenant it belongs to: events it verifies get that tenant, so that tenants never share an id. */
export interface ScopedSecret {
  readonly secret: string | readonly string[]
  readonly tenant: string
}

/** One secret, several in force (rotation), or several with their tenants. */
export type Secrets = string | readonly string[] | ScopedSecret | readonly ScopedSecret[]

/**
 * Looks the secrets of a delivery up, by path, header or `context`: it runs before verification, so everything it reads
 * is unverified. `undefined` means that the sender is not known (401); a throw means that the secret cannot be had
 * now (503, so the provider tries again). It runs once for each delivery; `perTenant` adds a cache.
 */
export interface SecretResolver {
  (delivery: Delivery): MaybePromise<Secrets | undefined>
  /** A delivery was verified with what it returned. */
  readonly verified?: (delivery: Delivery) => void
  /** Names that it looks up apart from invented ones. */
  readonly trusted?: TrustedNames
}

/** A provider's secret option. */
export type SecretOption = Secrets | SecretResolver

/** Keys in force for one delivery, ready for a scheme. */
export interface KeySet<Key> {
  readonly keys: readonly Key[]
  /** The tenant of the key at the same place. */
  readonly tenants: readonly (string | undefined)[]
}

/** Resolves a secret option into keys. */
export interface Keyring<Key> {
  for(delivery: Delivery): MaybePromise<KeySet<Key>>
  /** The keys given. None if a resolver decides. */
  readonly given: readonly Key[]
  /** Turns one more secret into the key to sign with, as strictly as the option. */
  parse(secret: string): Key
  /** Tells a resolver that a delivery was verified. */
  readonly verified?: (delivery: Delivery) => void
  /** True if one of the secrets given has whitespace or quotes around it. */
  readonly odd?: boolean
}

/**
 * Checks and prepares a secret option. A string that is empty, blank or an unfilled template throws a `TypeError` that
 * names the option: at once for given secrets, as `secret_unavailable` (503) for those of a resolver.
 */
export function keyring<Key>(
  option: string,
  given: SecretOption,
  toKeys: (secret: string) => readonly Key[],
): Keyring<Key> {
  const keysOf = (secret: string): readonly Key[] => {
    checkSecret(option, secret)
    try {
      return toKeys(secret)
    } catch (error) {
      throw error instanceof TypeError
        ? new TypeError(`${option}: ${error.message}`, { cause: error })
        : error
    }
  }
  const parse = (secret: string): Key => keysOf(secret)[0]!
  if (typeof given !== 'function') {
    const set = keySet(option, given, keysOf)
    return { for: () => set, given: set.keys, parse, odd: [given].flat().some(isOdd) }
  }
  const parsed = new LRUCache<string, readonly Key[]>({ max: 1000 })
  const remembered = (secret: string): readonly Key[] => {
    let keys = parsed.get(secret)
    if (!keys) parsed.set(secret, (keys = keysOf(secret)))
    return keys
  }
  const resolved = (secrets: Secrets | undefined): KeySet<Key> => {
    if (secrets === undefined)
      throw new WebhookError('unknown_sender', { problem: 'no_secret', option })
    return keySet(option, secrets, remembered)
  }
  const unavailable = (error: unknown): never => {
    const known = toWebhookError(error, 'secret_unavailable')
    throw known === error
      ? known
      : new WebhookError(
          'secret_unavailable',
          { problem: 'look_up_failed', option, text: known.message },
          { cause: error },
        )
  }
  return {
    for(delivery) {
      try {
        const secrets = given(delivery)
        return isPromise(secrets) ? secrets.then(resolved).catch(unavailable) : resolved(secrets)
      } catch (error) {
        return unavailable(error)
      }
    },
    given: [],
    ...(given.verified && { verified: given.verified }),
    parse,
  }
}

// With or without a prefix such as `whsec_`: `<your-secret>`, `${SECRET}`, `{{secret}}`, `whsec_xxxx`, `whsec_`, `whsec_...`.
const TEMPLATE =
  /^(?:[a-z]{2,6}_)?(?:<.*>|\$?\{.*\})$|^wh[a-z]{2,4}_(?:x+|\*+)?$|\.\.\.$|…$|^(?:undefined|null)$/i

/** Throws a `TypeError` that names the option if a secret is empty, blank or an unfilled template. */
export function checkSecret(option: string, secret: unknown): asserts secret is string {
  if (typeof secret !== 'string') {
    throw new TypeError(
      typeof secret === 'object' && secret !== null
        ? `${option} must be a string, { secret, tenant } or an array of these, got ${kindOf(secret)}; give the string itself`
        : `${option} must be a string, got ${kindOf(secret)}: is the environment variable set?`,
    )
  }
  if (secret.trim() === '')
    throw new TypeError(`${option} is empty: an empty secret would let anybody sign`)
  if (TEMPLATE.test(secret.trim())) {
    throw new TypeError(`${option} is an unfilled template: put the secret itself in its place`)
  }
  // A PEM file ends with a line break, which is not part of the key.
  if (/[\r\n]$|^[\r\n]/.test(secret) && !secret.includes('-----BEGIN '))
    throw new TypeError(`${option} starts or ends with a line break; trim it`)
}

/** True if a secret has whitespace or quotes around it. They may belong to the secret, but are mostly a typo. */
function isOdd(secret: unknown): boolean {
  return typeof secret === 'string' && /^[ \t]|[ \t]$|^(["'`]).*\1$/s.test(secret)
}

function keySet<Key>(
  option: string,
  secrets: Secrets,
  keysOf: (secret: string) => readonly Key[],
): KeySet<Key> {
  const keys: Key[] = []
  const tenants: (string | undefined)[] = []
  const list: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets]
  for (const item of list) {
    const scoped = isScoped(item) ? item : undefined
    if (scoped && (typeof scoped.tenant !== 'string' || scoped.tenant === ''))
      throw new TypeError(`${option} has a secret whose tenant isn't a string; name its tenant`)
    const values: readonly unknown[] =
      scoped && Array.isArray(scoped.secret) ? scoped.secret : [scoped ? scoped.secret : item]
    for (const value of values) {
      checkSecret(option, value)
      for (const key of keysOf(value)) {
        keys.push(key)
        tenants.push(scoped?.tenant)
      }
    }
  }
  if (keys.length === 0) throw new TypeError(`${option} is an empty list: give at least one secret`)
  return { keys, tenants }
}

function isScoped(value: unknown): value is ScopedSecret {
  return typeof value === 'object' && value !== null && 'secret' in value && 'tenant' in value
}

/** The kind of a value that is not a secret; never the value. */
function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object'
}
