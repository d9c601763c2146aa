import type * as net from 'node:net'

/** Which kind of address a text is, as `isIP` of node:net says. */
// Not imported: bundles for hosts without sockets have this module too, and never call it.
export const isIP: typeof net.isIP = (text) => process.getBuiltinModule('node:net').isIP(text)

// Addresses that are not, or must not be, reachable from the internet: the IANA special-purpose registries, multicast, and Azure's
// WireServer, a metadata service behind a public address. https://www.iana.org/assignments/iana-ipv4-special-registry
const CLOSED: readonly (readonly [network: string, bits: number])[] = [
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
  // Protocol assignments with Teredo, documentation, and 6to4, whose addresses hold IPv4 ones.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]
// Of IPv6 only this is global unicast.
const UNICAST: typeof CLOSED = [['2000::', 3]]
let lists: { readonly closed: net.BlockList; readonly unicast: net.BlockList } | undefined

/**
 * True for an address of the public internet: not private, loopback, link-local, unique-local, shared (CGNAT),
 * multicast, reserved or one of a metadata service. An IPv6 address that holds an IPv4 one (mapped, NAT64) is judged by
 * that. A string that is no address is not public.
 */
export function isPublicAddress(address: string): boolean {
  const plain = plainAddress(address)
  const family = isIP(plain)
  const { closed, unicast } = (lists ??= { closed: subnets(CLOSED), unicast: subnets(UNICAST) })
  if (family === 4) return !closed.check(plain, 'ipv4')
  if (family === 6) return unicast.check(plain, 'ipv6') && !closed.check(plain, 'ipv6')
  return false
}

/** The IPv4 address inside an IPv6 one (mapped, NAT64); any other address is returned unchanged. */
export function plainAddress(address: string): string {
  if (isIP(address) !== 6) return address
  // A zone names an interface of this machine.
  const [plain] = address.split('%') as [string]
  const [, high, low] = HELD.exec(new URL(`http://[${plain}]`).hostname) ?? []
  if (low === undefined) return plain
  const [upper, lower] = [Number.parseInt(high ?? '0', 16), Number.parseInt(low, 16)]
  return [upper >>> 8, upper & 255, lower >>> 8, lower & 255].join('.')
}

// ::ffff:0:0/96 and 64:ff9b::/96 (RFC 6052) as the URL Standard writes them: the IPv4 address is in the last 32 bits.
const HELD = /^\[(?:::ffff:|64:ff9b::)(?:([\da-f]{1,4}):)?([\da-f]{1,4})\]$/

function subnets(list: typeof CLOSED): net.BlockList {
  const found = new (process.getBuiltinModule('node:net').BlockList)()
  for (const [network, bits] of list)
    found.addSubnet(network, bits, isIP(network) === 6 ? 'ipv6' : 'ipv4')
  return found
}
