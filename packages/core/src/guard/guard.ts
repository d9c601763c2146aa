import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type * as net from 'node:net'

/** Options of {@link createGuard}. */
export interface GuardOptions {
  /**
   * Allows addresses that are not public: true allows all addresses; a function allows an address by returning true.
   * For an IPv6 address that contains an IPv4 address, the function gets the IPv4 address.
   * @default none
   */
  readonly allowPrivate?: true | ((address: string) => boolean)
  /** Allows `http:` URLs, whose contents anybody on the network path can read. @default false */
  readonly allowHttp?: boolean
  /** Returns true for a port that may be called. @default ports 80, 443, and 1024 and above */
  readonly allowPort?: (port: number) => boolean
  /**
   * Resolves names, as `dns.lookup` does. The guard checks each returned address, and only checked addresses are used.
   * @default dns.lookup
   */
  readonly lookup?: LookupFunction
}

/** The error for a destination that must not be called. */
export class DestinationRejected extends Error {
  override readonly name = 'DestinationRejected'
}

/** Checks destinations: the URL before a call, and the address when the call connects. */
export interface AddressGuard {
  /** Returns the URL in normalized form. Throws {@link DestinationRejected} if calls to the URL are not allowed. */
  url(text: string | URL): URL
  /** Throws {@link DestinationRejected} if connections to the address are not allowed. */
  address(address: string): void
  /** Works as `dns.lookup`, and returns an error if one of the addresses is not allowed. */
  readonly lookup: LookupFunction
}

/** Creates an address guard. Throws a `TypeError` that names the wrong option. */
export function createGuard(options: GuardOptions = {}): AddressGuard {
  const { allowPrivate, allowPort = isUsualPort } = options
  const { lookup = process.getBuiltinModule('node:dns').lookup as LookupFunction } = options
  if (allowPrivate !== undefined && allowPrivate !== true && typeof allowPrivate !== 'function')
    throw new TypeError('allowPrivate must be true or a function of the address')
  if (typeof allowPort !== 'function')
    throw new TypeError('allowPort must be a function of the port')
  if (typeof lookup !== 'function') throw new TypeError('lookup must be a function like dns.lookup')
  const allowed = (host: string): boolean =>
    isPublicAddress(host) ||
    allowPrivate === true ||
    (typeof allowPrivate === 'function' && allowPrivate(plainAddress(host)))

  return { url, address, lookup: checkedLookup }

  function url(text: string | URL): URL {
    const parsed = URL.canParse(String(text)) ? new URL(text) : undefined
    if (!parsed) throw new DestinationRejected('the destination is not an absolute URL')
    if (
      parsed.protocol !== 'https:' &&
      !(parsed.protocol === 'http:' && options.allowHttp === true)
    )
      throw new DestinationRejected(
        parsed.protocol === 'http:'
          ? 'the destination is http: and not https: (set allowHttp: true to allow it)'
          : `the destination must be https:, not ${parsed.protocol}`,
      )
    if (parsed.username !== '' || parsed.password !== '')
      throw new DestinationRejected('the destination has a user name or password in its URL')
    const port = Number(parsed.port) || (parsed.protocol === 'https:' ? 443 : 80)
    if (!allowPort(port))
      throw new DestinationRejected(`allowPort does not allow port ${port} of the destination`)
    // The URL parser has already converted notations such as 2130706433, 0x7f.1 and 0177.0.0.1 to 127.0.0.1.
    const host = hostOf(parsed)
    if (isIP(host) !== 0) address(host)
    else if (allowPrivate === undefined && /(?:^|\.)localhost$/i.test(host))
      throw new DestinationRejected('the destination is localhost (set allowPrivate to allow it)')
    return parsed
  }

  function address(found: string): void {
    // The message must not contain the address: it would reveal how names resolve in this network.
    if (!allowed(found))
      throw new DestinationRejected(
        'the destination has an address outside the public internet (set allowPrivate to allow it)',
      )
  }

  function checkedLookup(...[hostname, given, done]: Parameters<LookupFunction>): void {
    lookup(hostname, given, (error, found, family) => {
      try {
        if (!error)
          for (const each of Array.isArray(found)
            ? (found as LookupAddress[])
            : [{ address: found as string }])
            address(each.address)
      } catch (rejected) {
        return done(rejected as Error, '', 0)
      }
      done(error, found, family)
    })
  }
}

/** Returns the host of a URL: an address without its brackets, or a name without a trailing dot. */
export function hostOf(url: URL): string {
  let host = url.hostname.replace(/^\[|\]$/g, '')
  while (host.endsWith('.')) host = host.slice(0, -1)
  return host
}

function isUsualPort(port: number): boolean {
  return port === 80 || port === 443 || port >= 1024
}

/** Works as `isIP` of node:net: returns 4 or 6 for an address of that version, and 0 for other texts. */
// node:net is not imported: bundles for hosts without sockets contain this module too, but never call it.
export const isIP: typeof net.isIP = (text) => process.getBuiltinModule('node:net').isIP(text)

// Addresses that the internet cannot reach, or that must not be called: the IANA special-purpose registries, multicast,
// and Azure's WireServer, a metadata service with a public address.
// https://www.iana.org/assignments/iana-ipv4-special-registry
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
  // In this order: IETF protocol assignments with Teredo, documentation, 6to4 (its addresses contain IPv4 addresses),
  // and documentation.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]
// The global unicast addresses of IPv6. No other IPv6 address is public.
const UNICAST: typeof CLOSED = [['2000::', 3]]
let lists: { readonly closed: net.BlockList; readonly unicast: net.BlockList } | undefined

/**
 * Returns true for an address of the public internet. Private, loopback, link-local, unique-local, shared (CGNAT),
 * multicast and reserved addresses are not public. Addresses of metadata services are not public either. An IPv6
 * address that contains an IPv4 address (mapped, NAT64) is judged by the IPv4 address. A string that is not an address
 * is not public.
 */
export function isPublicAddress(address: string): boolean {
  const plain = plainAddress(address)
  const family = isIP(plain)
  const { closed, unicast } = (lists ??= { closed: subnets(CLOSED), unicast: subnets(UNICAST) })
  if (family === 4) return !closed.check(plain, 'ipv4')
  if (family === 6) return unicast.check(plain, 'ipv6') && !closed.check(plain, 'ipv6')
  return false
}

/** Returns the IPv4 address inside of an IPv6 address (mapped, NAT64). Returns any other address unchanged. */
function plainAddress(address: string): string {
  if (isIP(address) !== 6) return address
  // Drops the zone after `%`: it names an interface of this machine.
  const [plain] = address.split('%') as [string]
  const [, high, low] = HELD.exec(new URL(`http://[${plain}]`).hostname) ?? []
  if (low === undefined) return plain
  const [upper, lower] = [Number.parseInt(high ?? '0', 16), Number.parseInt(low, 16)]
  return [upper >>> 8, upper & 255, lower >>> 8, lower & 255].join('.')
}

// The prefixes ::ffff:0:0/96 and 64:ff9b::/96 (RFC 6052), as the URL Standard writes them. The last 32 bits are the
// IPv4 address.
const HELD = /^\[(?:::ffff:|64:ff9b::)(?:([\da-f]{1,4}):)?([\da-f]{1,4})\]$/

function subnets(list: typeof CLOSED): net.BlockList {
  const found = new (process.getBuiltinModule('node:net').BlockList)()
  for (const [network, bits] of list)
    found.addSubnet(network, bits, isIP(network) === 6 ? 'ipv6' : 'ipv4')
  return found
}
