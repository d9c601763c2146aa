import { LRUCache } from 'lru-cache'
import type { Delivery } from '../delivery.ts'
import { toWebhookError, WebhookError } from '../errors.ts'
import { isPromise, type MaybePromise } from '../basics/maybe.ts'
import type { TrustedNames } from './lookup/trusted-names.ts'

/**
 * A secret and its tenant. Events that were verified with the secret get the tenant, so that equal event ids of two
 * tenants do not collide.
 */
export interface ScopedSecret {
  readonly secret: string | readonly string[]
  readonly tenant: string
}

/** One secret, several secrets during a rotation, or secrets with their tenants. */
export type Secrets = string | readonly string[] | ScopedSecret | readonly ScopedSecret[]

/**
 * Looks up the secrets for a delivery, by path, header or `context`. The look-up runs before verification, so
 * everything that it reads is unverified. If the result is `undefined`, the delivery is rejected with 401. If the
 * look-up throws, the reply is 503, so that the sender retries. The look-up runs once per delivery; `perTenant` adds a
 * cache.
 */
export interface SecretResolver {
  (delivery: Delivery): MaybePromise<Secrets | undefined>
  /** Called after a delivery was verified with one of the returned secrets. */
  readonly verified?: (delivery: Delivery) => void
  /**
   * Names, such as tenants, with which a delivery was verified before. These names are looked up under separate limits,
   * so that requests with invented names cannot delay these look-ups.
   */
  readonly trusted?: TrustedNames
}

export type SecretOption = Secrets | SecretResolver

export interface KeySet<Key> {
  readonly keys: readonly Key[]
  /** The tenant of each key, at the same index as the key; undefined for a key without a tenant. */
  readonly tenants: readonly (string | undefined)[]
}

export interface Keyring<Key> {
  for(delivery: Delivery): MaybePromise<KeySet<Key>>
  /** The keys from the secret option; empty if the option is a resolver function. */
  readonly given: readonly Key[]
  /** Makes the signing key from another secret, with the same checks as for the secret option. */
  parse(secret: string): Key
  readonly verified?: (delivery: Delivery) => void
  /** True if one of the secrets has whitespace or quotes around it. */
  readonly odd?: boolean
}

/**
 * Makes the keys from a secret option. If a secret is empty, blank or an unfilled template, throws a `TypeError` that
 * names the option. A resolver runs at each delivery, so a wrong secret of a resolver causes `secret_unavailable`
 * (503).
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

// Matches unfilled placeholders: `<your-secret>`, `${SECRET}`, `{{secret}}`, `whsec_xxxx`, `whsec_`, `whsec_...`.
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
  // PEM keys are excepted: a PEM file ends with a line break, which is not part of the key.
  if (/[\r\n]$|^[\r\n]/.test(secret) && !secret.includes('-----BEGIN '))
    throw new TypeError(`${option} starts or ends with a line break; trim it`)
}

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

/** Returns the kind of a value that is not a string. The value may be a secret, so it is never shown. */
function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object'
}
