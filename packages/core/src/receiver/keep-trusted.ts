import type { Records } from '../inbox/inbox.ts'
import type { NamesPlace, TrustedNames } from '../provider/lookup/trusted-names.ts'

// Maximum number of tries to save, since several processes may save at the same time.
const TRIES = 5

/**
 * Stores the trusted names (ids of keys and tenants with which deliveries were verified), so that a restart does not
 * treat them like invented names.
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
      // Names that another process has saved are kept too. These names come first in the list, so they are dropped
      // first.
      const ours = new Set(mine)
      const others = digestsOf(stored?.value).filter((one) => !ours.has(one))
      const all = [...others, ...mine].slice(-MOST)
      if (!(await records.set(key, all, stored?.version ?? 0))) left--
      else if (latest === mine) latest = undefined
    }
  }
}

// Maximum number of saved names. Each is saved as a digest of 22 characters, so the size of the record is bounded.
const MOST = 1000

function digestsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return []
  return (value as unknown[]).filter((one): one is string => typeof one === 'string')
}
