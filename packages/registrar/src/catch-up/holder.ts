import type { Records } from '@postern/core/inbox'

/** After this time without a sign of life from the process that catches up, another one may continue. */
export const LEASE = 10_000
// Milliseconds between two looks at a holder that seems to be gone.
const LOOK = 500

interface Sight {
  readonly version: number
  /** Since when it has been seen unchanged, on the clock of `performance.now()`. */
  readonly since: number
}

// What this process has seen of others, so that short calls add up.
const sights = new WeakMap<Records, Map<string, Sight>>()

/**
 * True once this process has seen the record unchanged for a lease: its holder gives no sign of life. A wall clock may have
 * been set, so it only tells when looking on is worth a wait.
 */
export async function isOver(
  records: Records,
  key: string,
  version: number,
  alive: number,
): Promise<boolean> {
  const seen = sights.get(records) ?? new Map<string, Sight>()
  sights.set(records, seen)
  let sight = seen.get(key)
  if (sight?.version !== version) seen.set(key, (sight = { version, since: performance.now() }))
  const isFresh = Math.abs(Date.now() - alive) < LEASE
  while (performance.now() - sight.since < LEASE) {
    if (isFresh) return false
    await new Promise((resolve) => setTimeout(resolve, LOOK))
    if ((await records.get(key))?.version !== version) return false
  }
  seen.delete(key)
  return true
}
