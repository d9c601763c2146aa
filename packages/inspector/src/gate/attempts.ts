/** Counts wrong credentials, so that nobody can guess them. */
export interface Attempts {
  /** Seconds until the peer may try again; 0 if it may now. */
  wait(peer: string): number
  /** A credential was wrong. */
  failed(peer: string): void
}

const MOST = 10
const WINDOW = 60_000
// Peers that are remembered: beyond them all share one place.
const PEERS = 1000

/** Makes it: each peer has 10 wrong credentials a minute. `now` is in milliseconds. */
export function createAttempts(now: () => number = () => performance.now()): Attempts {
  const windows = new Map<string, { since: number; count: number }>()
  return {
    wait(peer) {
      const found = windows.get(placed(peer))
      if (!found || found.count < MOST) return 0
      return Math.max(0, Math.ceil((found.since + WINDOW - now()) / 1000))
    },
    failed(peer) {
      const place = placed(peer)
      const found = windows.get(place)
      if (found && now() - found.since < WINDOW) found.count++
      else windows.set(place, { since: now(), count: 1 })
    },
  }

  function placed(peer: string): string {
    if (windows.has(peer) || windows.size < PEERS) return peer
    for (const [known, { since }] of windows) if (now() - since >= WINDOW) windows.delete(known)
    return windows.size < PEERS ? peer : 'others'
  }
}
