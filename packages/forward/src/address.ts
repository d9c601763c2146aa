import { isIP } from 'node:net'

// Not reachable from the internet, or not meant to be: the IANA special-purpose registry for IPv4, multicast, and
// Azure's WireServer, a metadata service behind a public address. https://www.iana.org/assignments/iana-ipv4-special-registry
const CLOSED_V4: readonly (readonly [network: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]
const NETWORKS_V4 = CLOSED_V4.map(([network, bits]) => [numberV4(network), bits] as const)

// Of IPv6 only 2000::/3 is global unicast, and in it these are not: protocol assignments with Teredo (2001::/23),
// documentation (2001:db8::/32, 3fff::/20) and 6to4, whose addresses hold IPv4 ones (2002::/16).
const CLOSED_V6: readonly (readonly [network: bigint, bits: bigint])[] = [
  [0x2001_0000n << 96n, 23n],
  [0x2001_0db8n << 96n, 32n],
  [0x2002_0000n << 96n, 16n],
  [0x3fff_0000n << 96n, 20n],
]

/**
 * True for an address of the public internet: not private, loopback, link-local, unique-local, shared (CGNAT),
 * multicast, reserved or one of a metadata service. An IPv6 address that holds an IPv4 one (mapped, NAT64) is judged by
 * that. What is no address is not public.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return isPublicV4(numberV4(address))
  if (family === 6) return isPublicV6(numberV6(address))
  return false
}

/** An address as what it stands for: of an IPv6 one that holds an IPv4 one (mapped, NAT64) that, of others themselves. */
export function plainAddress(address: string): string {
  const held = isIP(address) === 6 ? heldV4(numberV6(address)) : undefined
  return held === undefined
    ? address
    : [held >>> 24, (held >>> 16) & 255, (held >>> 8) & 255, held & 255].join('.')
}

function isPublicV4(address: number): boolean {
  return !NETWORKS_V4.some(([network, bits]) => address >>> (32 - bits) === network >>> (32 - bits))
}

function isPublicV6(address: bigint): boolean {
  const held = heldV4(address)
  if (held !== undefined) return isPublicV4(held)
  if (address >> 125n !== 1n) return false
  return !CLOSED_V6.some(([network, bits]) => address >> (128n - bits) === network >> (128n - bits))
}

// ::ffff:0:0/96 and 64:ff9b::/96 (RFC 6052): the IPv4 address is in the last 32 bits.
function heldV4(address: bigint): number | undefined {
  const upper = address >> 32n
  const holds = upper === 0xffffn || upper === 0x0064_ff9bn << 64n
  return holds ? Number(address & 0xffff_ffffn) : undefined
}

function numberV4(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

/** The number of a valid IPv6 address; a zone (`%eth0`) does not count. */
function numberV6(address: string): bigint {
  const plain = address
    .split('%')[0]!
    .replace(/\d+\.\d+\.\d+\.\d+$/, (v4) =>
      [numberV4(v4) >>> 16, numberV4(v4) & 0xffff].map((part) => part.toString(16)).join(':'),
    )
  const [head = '', tail] = plain.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const parts = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last]
  return parts.reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n)
}
