/** Slows down who gives wrong credentials. Right ones never come here: nobody can lock an owner out. */
interface WrongCredentials {
  /**
   * Counts a wrong credential of an address. Resolves when the rejection may go out: with 0, or with the seconds to wait
   * if there were too many.
   */
  wrong(address: string): Promise<number>
}

const MOST = 10
const WINDOW = 60_000
const DELAY = 1000
// Rejections that wait at once: more would hold memory and sockets for strangers.
const HELD = 100
const PEERS = 1000

interface Window {
  readonly since: number
  count: number
}

/** Makes an {@link WrongCredentials}: beyond 10 wrong ones a minute, rejections of a peer wait for a second. `now` is in milliseconds. */
export function createWrongCredentials(
  now: () => number = () => performance.now(),
): WrongCredentials {
  const windows = new Map<string, Window>()
  let held = 0
  return {
    async wrong(address) {
      const window = windowOf(peerOf(address))
      window.count++
      if (window.count <= MOST) return 0
      if (held < HELD) {
        held++
        await new Promise((resolve) => setTimeout(resolve, DELAY))
        held--
      }
      return Math.max(1, Math.ceil((window.since + WINDOW - now()) / 1000))
    },
  }

  function windowOf(peer: string): Window {
    const known = windows.get(peer)
    if (known && now() - known.since < WINDOW) return known
    windows.delete(peer)
    if (windows.size >= PEERS) windows.delete(leastFailures())
    const window = { since: now(), count: 0 }
    windows.set(peer, window)
    return window
  }

  /** The peer with the fewest failures of this minute, of these the oldest: who guesses much stays known. */
  function leastFailures(): string {
    let [least, fewest] = ['', Infinity]
    for (const [peer, { since, count }] of windows) {
      const failures = now() - since < WINDOW ? count : 0
      if (failures < fewest) [least, fewest] = [peer, failures]
    }
    return least
  }
}

/** The place of an address: IPv6 by /64, since one machine has as many addresses of it as it wants. */
function peerOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address
  const [head = '', tail] = address.split('%', 1)[0]!.toLowerCase().split('::', 2)
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [
    ...first,
    ...Array.from({ length: 8 - first.length - last.length }, () => '0'),
    ...last,
  ]
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
