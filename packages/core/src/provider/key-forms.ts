import type { Scheme } from './scheme.ts'

/** A scheme's two ways from a secret to its keys. */
export type KeyForms<Key> = Required<Pick<Scheme<Key>, 'key' | 'keysOf'>>

// Keys that a secret has next to its first: rejections count secrets, and `sign` uses first keys alone.
const further = new WeakSet<object>()

/**
 * For a sender that has changed how it makes the key of a secret: each way that it has ever used, the one to sign with
 * first. A way that cannot read a secret is left out; if none can, the error is that of the first.
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

/** All keys of one secret. */
export function keysOf<Key>(scheme: Scheme<Key>, secret: string): readonly Key[] {
  const keys = scheme.keysOf?.(secret) ?? [scheme.key(secret)]
  for (const key of keys.slice(1)) if (typeof key === 'object' && key !== null) further.add(key)
  return keys
}

/** One key for each secret: the one to sign with. */
export function firstKeys<Key>(keys: readonly Key[]): readonly Key[] {
  return keys.filter((key) => typeof key !== 'object' || key === null || !further.has(key))
}
