const MOST = 10
const WINDOW = 60_000
const DELAY = 1000
// Maximum number of rejections that wait at the same time: each holds memory and a socket.
const HELD = 100
const PEERS = 1000

interface Window {
  readonly since: number
  count: number
}

/**
 * Makes a function that counts wrong credentials. The function's promise resolves when the rejection may be sent, with
 * the number of seconds that the client should wait. Credentials are counted per peer, which is an IPv4 address or an
 * IPv6 network. After 10 wrong credentials from one peer in a minute, each further rejection waits for a second.
 * Correct credentials do not wait, so an attacker cannot lock out the owner. `now` is in milliseconds.
 */
export function createWrongCredentials(
  now: () => number = () => performance.now(),
): (address: string) => Promise<number> {
  const windows = new Map<string, Window>()
  let held = 0
  return async (address) => {
    const window = windowOf(peerOf(address))
    window.count++
    if (window.count <= MOST) return 0
    if (held < HELD) {
      held++
      await new Promise((resolve) => setTimeout(resolve, DELAY))
      held--
    }
    return Math.max(1, Math.ceil((window.since + WINDOW - now()) / 1000))
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

  /**
   * Returns the peer to forget: the peer with the fewest failures in this minute, or the oldest if several have the
   * fewest. So a peer that guesses often is not forgotten.
   */
  function leastFailures(): string {
    let [least, fewest] = ['', Infinity]
    for (const [peer, { since, count }] of windows) {
      const failures = now() - since < WINDOW ? count : 0
      if (failures < fewest) [least, fewest] = [peer, failures]
    }
    return least
  }
}

/**
 * Returns the peer of an address. For IPv6, this is the /64 network, since one machine can use all addresses of its
 * /64.
 */
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
