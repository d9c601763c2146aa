import { createHash } from 'node:crypto'
import { createForgetful } from '../../inbox/forgetful.ts'

/** A store for {@link TrustedNames}, so that they outlive the process. */
export interface NamesPlace {
  /**
   * Returns the saved digests, oldest first. If the promise rejects, the next look-up of an unknown name calls `load`
   * again.
   */
  load(): Promise<readonly string[]>
  /** Saves the digests, oldest first. Must not throw. */
  save(digests: readonly string[]): void
}

/**
 * Names, such as ids of keys and tenants, with which a delivery was verified before. These names are looked up under
 * separate limits, so that requests with invented names cannot delay these look-ups.
 */
export interface TrustedNames {
  /** Kind of the names: `keys` or `tenants`. Each kind is stored separately. */
  readonly kind: string
  has(name: string): boolean
  /** @param owner - the owner of the name, from `ownerOf` of the look-ups; by default none. */
  add(name: string, owner?: string): void
  delete(name: string): void
  /** Adds a store that outlives restarts. The receiver calls `keep`. */
  keep(place: NamesPlace): void
  /**
   * Returns a promise that resolves once the stored names are loaded; undefined if they are loaded already. The look-up
   * of an unknown name waits for this promise.
   */
  restored(): Promise<void> | undefined
}

/**
 * Makes an empty set of at most `most` names. If the set is full, the owner with the most names loses its least
 * recently used name. So an owner with many spellings of its name cannot push out the names of other owners.
 */
export function trustedNames(kind: string, most: number): TrustedNames {
  // The set holds digests, because a name from a path may be a secret, and stored values must have a bounded length.
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
