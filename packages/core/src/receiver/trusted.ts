import type { Records } from '../inbox/records.ts'
import type { NamesPlace } from '../provider/lookup/trusted-names.ts'
import type { Provider } from '../provider/provider.ts'

// Several processes may save at once.
const TRIES = 5

/**
 * Keeps what the provider has trusted in the records of the inbox: after a restart, certificates, keys and tenants that
 * were genuine are asked for beside any number of invented ones.
 */
export function keepTrusted(
  { trusted = [] }: Provider,
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

interface Place extends NamesPlace {
  /** Resolves when nothing is being saved. */
  saved(): Promise<void>
}

function placeOf(records: Records, key: string, warn: (message: string) => void): Place {
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
      // Names that another process has added stay, before our own.
      const ours = new Set(mine)
      const others = digestsOf(stored?.value).filter((one) => !ours.has(one))
      const all = [...others, ...mine].slice(-MOST)
      if (!(await records.set(key, all, stored?.version ?? 0))) left--
      else if (latest === mine) latest = undefined
    }
  }
}

// The bytes of a record: 22 characters a name.
const MOST = 1000

function digestsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return []
  return (value as unknown[]).filter((one): one is string => typeof one === 'string')
}
