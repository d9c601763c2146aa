import { createHash } from 'node:crypto'
import { createForgetful } from '../../inbox/forgetful.ts'
import type { Records } from '../../inbox/inbox.ts'

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
 * Names with a verified delivery, such as ids of keys and tenants. Their look-ups have separate limits, so that
 * invented names cannot delay them.
 */
export interface TrustedNames {
  /** Kind of the names: `keys` or `tenants`. Each kind is stored separately. */
  readonly kind: string
  has(name: string): boolean
  /** @param owner - the owner of the name, as the look-up returned it; by default none. */
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

// Maximum number of tries to save, since several processes may save at the same time.
const TRIES = 5

/**
 * Stores the names that the provider trusted. After a restart, look-ups of these names stay separate from look-ups of
 * invented names.
 */
export function keepTrusted(
  { trusted = [] }: { readonly trusted?: readonly TrustedNames[] },
  receiver: string,
  records: Records,
  warn: (message: string) => void,
): { readonly close: () => Promise<void> } {
  const places = trusted.map((names) => {
    const place = placeOf(records, `trusted:${names.kind}:${receiver}`, warn)
    names.keep(place)
    return place
  })
  return { close: async () => void (await Promise.all(places.map((place) => place.saved()))) }
}

function placeOf(
  records: Records,
  key: string,
  warn: (message: string) => void,
): NamesPlace & { saved(): Promise<void> } {
  let latest: readonly string[] | undefined
  let saving: Promise<void> | undefined
  return {
    saved: async () => saving,
    load: async () => digestsOf((await records.get(key))?.value),
    save(digests) {
      latest = digests
      saving ??= saveLatest()
        .catch((error: unknown) => warn(`trusted names could not be saved: ${String(error)}`))
        .finally(() => (saving = undefined))
    },
  }

  async function saveLatest(): Promise<void> {
    for (let left = TRIES; latest && left > 0;) {
      const mine = latest
      const stored = await records.get(key)
      // Names that another process has saved are kept, before the names of this process.
      const ours = new Set(mine)
      const others = digestsOf(stored?.value).filter((one) => !ours.has(one))
      const all = [...others, ...mine].slice(-MOST)
      if (!(await records.set(key, all, stored?.version ?? 0))) left--
      else if (latest === mine) latest = undefined
    }
  }
}

// Maximum number of saved names. A name has 22 characters, so the size of the record is bounded.
const MOST = 1000

function digestsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return []
  return (value as unknown[]).filter((one): one is string => typeof one === 'string')
}
