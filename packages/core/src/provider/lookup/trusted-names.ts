import { createHash } from 'node:crypto'
import { createForgetful } from '../../inbox/forgetful.ts'

/** Where {@link TrustedNames} outlive the process. */
export interface NamesPlace {
  /** What was saved: digests, oldest first. A rejection is tried again with the next unknown name. */
  load(): Promise<readonly string[]>
  /** Digests, oldest first, after a new one. It must not throw. */
  save(digests: readonly string[]): void
}

/**
 * Names that a verified delivery used: URLs of certificates, ids of keys, tenants. They are looked up apart from names
 * that anybody can invent.
 */
export interface TrustedNames {
  /** `keys` or `tenants`: one place for each. */
  readonly kind: string
  has(name: string): boolean
  /** @param owner whose name it is, as the look-up says @default nobody's */
  add(name: string, owner?: string): void
  delete(name: string): void
  /** Where they are kept over restarts. The receiver calls it. */
  keep(place: NamesPlace): void
  /** Undefined once the kept ones are known. A name that is not known yet waits for it. */
  restored(): Promise<void> | undefined
}

/**
 * Makes an empty set of at most `most` names; beyond, of the owner with most the one that was used longest ago is forgotten: no
 * owner drives out the names of another by spelling its own in many ways.
 */
export function trustedNames(kind: string, most: number): TrustedNames {
  // Digests: a path may hold a secret, and what is kept must be bounded.
  const names = createForgetful<'known'>(
    { max: most, dedupeWindow: Infinity },
    () => performance.now(),
    () => {},
  )
  const knows = (digest: string): boolean => names.peek(digest) !== undefined
  const places: NamesPlace[] = []
  let restoring: Promise<void> | undefined
  let waiting: NamesPlace[] = []

  return {
    kind,
    has: (name) => knows(digestOf(name)),
    add(name, owner) {
      const digest = digestOf(name)
      const isNew = !knows(digest)
      names.set(digest, 'known', owner)
      if (isNew) save()
    },
    delete(name) {
      const digest = digestOf(name)
      if (!knows(digest)) return
      names.delete(digest)
      save()
    },
    keep(place) {
      places.push(place)
      waiting.push(place)
    },
    restored() {
      if (waiting.length === 0 && !restoring) return undefined
      return (restoring ??= restore().finally(() => (restoring = undefined)))
    },
  }

  async function restore(): Promise<void> {
    const loading = waiting
    waiting = []
    for (const place of loading) {
      try {
        for (const digest of (await place.load()).slice(-most))
          if (!knows(digest)) names.set(digest, 'known')
      } catch {
        waiting.push(place)
      }
    }
  }

  function save(): void {
    const digests = names.keys()
    for (const place of places) place.save(digests)
  }
}

function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, 22)
}
