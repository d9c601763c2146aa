import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isIP, isPublicAddress, plainAddress } from './address.ts'

/** Which destinations may be called. */
export interface GuardOptions {
  /**
   * Allows addresses that are not public: all of them, or those for which the function returns true. It gets the IPv4
   * address inside an IPv6 one. @default none
   */
  readonly allowPrivate?: true | ((address: string) => boolean)
  /** Allows `http:` URLs, whose contents anybody on the way can read. @default false */
  readonly allowHttp?: boolean
  /** Ports that may be called. @default 80, 443 and those from 1024 up */
  readonly allowPort?: (port: number) => boolean
  /** Resolves names, as `dns.lookup` does. Its addresses are checked, and only checked ones are connected to. @default dns.lookup */
  readonly lookup?: LookupFunction
}

/** A destination that must not be called. */
export class DestinationRefused extends Error {
  override readonly name = 'DestinationRefused'
}

/** Decides which destinations may be called: URLs before the call, addresses at the connect. */
export interface AddressGuard {
  /** The URL, normalised. Throws {@link DestinationRefused}. */
  url(text: string | URL): URL
  /** Throws {@link DestinationRefused} if the address must not be connected to. */
  address(address: string): void
  /** `dns.lookup`, with each address checked. */
  readonly lookup: LookupFunction
}

/** Makes a guard. Throws a `TypeError` that names the wrong option. */
export function createGuard(options: GuardOptions = {}): AddressGuard {
  const { allowPrivate, allowPort = isUsualPort } = options
  const { lookup = process.getBuiltinModule('node:dns').lookup as LookupFunction } = options
  if (allowPrivate !== undefined && allowPrivate !== true && typeof allowPrivate !== 'function')
    throw new TypeError('allowPrivate must be true or a function of the address')
  if (typeof allowPort !== 'function')
    throw new TypeError('allowPort must be a function of the port')
  if (typeof lookup !== 'function')
    throw new TypeError('lookup must be a function as dns.lookup is')
  const allowed = (host: string): boolean =>
    isPublicAddress(host) ||
    allowPrivate === true ||
    (typeof allowPrivate === 'function' && allowPrivate(plainAddress(host)))

  return { url, address, lookup: checkedLookup }

  function url(text: string | URL): URL {
    const parsed = URL.canParse(String(text)) ? new URL(text) : undefined
    if (!parsed) throw new DestinationRefused('the destination is no absolute URL')
    if (
      parsed.protocol !== 'https:' &&
      !(parsed.protocol === 'http:' && options.allowHttp === true)
    )
      throw new DestinationRefused(
        parsed.protocol === 'http:'
          ? 'the destination is http: and not https: (allowHttp: true lets it be called)'
          : `the destination must be https:, not ${parsed.protocol}`,
      )
    if (parsed.username !== '' || parsed.password !== '')
      throw new DestinationRefused('the destination has a user name or password in its URL')
    const port = Number(parsed.port) || (parsed.protocol === 'https:' ? 443 : 80)
    if (!allowPort(port))
      throw new DestinationRefused(
        `port ${port} of the destination is not one allowPort lets be called`,
      )
    // The URL parser has written 2130706433, 0x7f.1 and 0177.0.0.1 as 127.0.0.1 already.
    const host = hostOf(parsed)
    if (isIP(host) !== 0) address(host)
    else if (allowPrivate === undefined && /(?:^|\.)localhost$/i.test(host))
      throw new DestinationRefused('the destination is localhost (allowPrivate lets it be called)')
    return parsed
  }

  function address(found: string): void {
    // The message has no address: it would tell the author of the name how it resolves in this network.
    if (!allowed(found))
      throw new DestinationRefused(
        'the destination has an address that is not of the public internet (allowPrivate lets it be called)',
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
      } catch (refused) {
        return done(refused as Error, '', 0)
      }
      done(error, found, family)
    })
  }
}

/** The host of a URL: an address without its brackets, a name without the dot of the root. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '')
}

function isUsualPort(port: number): boolean {
  return port === 80 || port === 443 || port >= 1024
}
