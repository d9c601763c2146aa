import type { Scheme } from './scheme.ts'

export type KeyForms<Key> = Required<Pick<Scheme<Key>, 'key' | 'keysOf'>>

// Keys that are not the first key of their secret. Error messages count each secret once, and `sign` uses only the
// first key of a secret, so both skip these keys.
const further = new WeakSet<object>()

/**
 * Makes a scheme accept every way in which a sender has ever made keys from secrets; the first way signs. A way that
 * throws for a secret is skipped. If all ways throw, the error is that of the first way.
 *
 * @example const acme = { ...scheme, ...keyForms([(secret) => text(secret), (secret) => decoded(secret)]) }
 */
export function keyForms<Key>(ways: readonly ((secret: string) => Key)[]): KeyForms<Key> {
  const keysOf = (secret: string): readonly Key[] => {
    const keys: Key[] = []
    const errors: unknown[] = []
    for (const way of ways) {
      try {
        keys.push(way(secret))
      } catch (error) {
        errors.push(error)
      }
    }
    if (keys.length === 0) throw errors[0]
    return keys
  }
  return { keysOf, key: (secret) => keysOf(secret)[0]! }
}

export function keysOf<Key>(scheme: Scheme<Key>, secret: string): readonly Key[] {
  const keys = scheme.keysOf?.(secret) ?? [scheme.key(secret)]
  for (const key of keys.slice(1)) if (typeof key === 'object' && key !== null) further.add(key)
  return keys
}

/** Returns only the first key of each secret, which is the key for signing. */
export function firstKeys<Key>(keys: readonly Key[]): readonly Key[] {
  return keys.filter((key) => typeof key !== 'object' || key === null || !further.has(key))
}
