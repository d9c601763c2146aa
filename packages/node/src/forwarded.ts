import type { IncomingMessage } from 'node:http'

/** Header in which proxies write the origin that the sender used, or the IP address of the sender. */
export type ForwardedHeader =
  | 'forwarded'
  | 'x-forwarded-for'
  | 'x-forwarded-host'
  | 'x-forwarded-prefix'
  | 'x-forwarded-proto'

/**
 * Proxies and headers to trust. A client can send any header, so name only headers that the outermost proxy sets or
 * overwrites.
 */
export interface TrustProxy {
  /** Number of proxies in front of this server, 1 or more. Set either `hops` or `addresses`. */
  readonly hops?: number
  /**
   * Returns true for the IP address of a trusted proxy. If there are several proxies, `headers` must name
   * `x-forwarded-for` or `forwarded`, since these headers list the other proxies.
   */
  readonly addresses?: (address: string) => boolean
  /** Headers that the proxies set, in lower case. No other header is read. */
  readonly headers: readonly ForwardedHeader[]
}

/** Origin and path prefix that the sender used, as the outermost trusted proxy saw them. */
export interface Origin {
  readonly proto: string | undefined
  readonly host: string | undefined
  readonly prefix: string | undefined
}

/**
 * Creates a function that reads the origin from proxy headers. Each proxy appends an entry to the header's list, and a
 * client can write any entries before. So entries are counted from the end, up to the entry of the outermost trusted
 * proxy.
 *
 * @throws {TypeError} for a wrong setting.
 */
export function forwarded(trust: TrustProxy): (request: IncomingMessage) => Origin | undefined {
  const { hops, addresses, headers } = checked(trust)
  const read = (request: IncomingMessage, name: ForwardedHeader): string[] =>
    headers.includes(name) ? items(request.headers[name]) : []

  return (request) => {
    const trusted = hops ?? trustedHops(request, addresses!)
    if (trusted === 0) return undefined
    const element = pick(read(request, 'forwarded'), trusted)
    const proto = pick(read(request, 'x-forwarded-proto'), trusted) ?? parameter(element, 'proto')
    const host = pick(read(request, 'x-forwarded-host'), trusted) ?? parameter(element, 'host')
    const prefix = withoutSlashes(pick(read(request, 'x-forwarded-prefix'), trusted))
    return {
      proto: proto !== undefined && /^https?$/i.test(proto) ? proto.toLowerCase() : undefined,
      host: host !== undefined && /^[\w.:[\]-]+$/.test(host) ? host : undefined,
      prefix: prefix !== undefined && /^\/[^?#\s]*$/.test(prefix) ? prefix : undefined,
    }
  }

  function trustedHops(request: IncomingMessage, known: (address: string) => boolean): number {
    const listed = read(request, 'x-forwarded-for')
    const senders =
      listed.length > 0
        ? listed
        : read(request, 'forwarded').map((item) => node(parameter(item, 'for')))
    let count = 0
    let address: string | undefined = request.socket.remoteAddress
    while (address !== undefined && known(address)) {
      count++
      address = senders.at(-count)
    }
    return count
  }
}

const NAMES: readonly unknown[] = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-prefix',
  'x-forwarded-proto',
]

function checked(trust: TrustProxy): TrustProxy {
  const { hops, addresses, headers, ...rest } = (
    typeof trust === 'object' && trust !== null ? trust : {}
  ) as TrustProxy
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined)
    throw new TypeError(
      `trustProxy.${unknown} is not an option; known are hops, addresses and headers`,
    )
  const counted = typeof hops === 'number' && Number.isInteger(hops) && hops > 0
  if (addresses === undefined ? !counted : hops !== undefined || typeof addresses !== 'function')
    throw new TypeError(
      `trustProxy must be { hops, headers } or { addresses, headers }, got ${JSON.stringify(trust)}; hops is a whole number from 1, addresses a function of an IP address`,
    )
  const named =
    Array.isArray(headers) && headers.length > 0 && headers.every((name) => NAMES.includes(name))
  if (!named)
    throw new TypeError(
      `trustProxy.headers must be a list of ${NAMES.join(', ')}, got ${JSON.stringify(headers)}; list the headers that your proxies set`,
    )
  return trust
}

function items(value: string | readonly string[] | undefined): string[] {
  if (value === undefined || value.length === 0) return []
  return String(value)
    .split(',')
    .map((item) => item.trim())
}

function pick(values: readonly string[], hops: number): string | undefined {
  return values.length === 0 ? undefined : values[Math.max(0, values.length - hops)]
}

// A loop, because a regular expression would take quadratic time for a path with 16,000 slashes.
function withoutSlashes(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  let end = path.length
  while (path.charCodeAt(end - 1) === SLASH) end--
  return path.slice(0, end)
}

const SLASH = 0x2f

function parameter(element: string | undefined, name: string): string | undefined {
  for (const pair of element?.split(';') ?? []) {
    const [key = '', value = ''] = pair.split('=', 2)
    if (key.trim().toLowerCase() === name) return unquoted(value.trim())
  }
  return undefined
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"')
    ? value.slice(1, -1)
    : value
}

// Returns the address in a `for` parameter, without an optional port. IPv6 addresses are in brackets (RFC 7239, section
// 6).
function node(value = ''): string {
  if (value.startsWith('[')) {
    const end = value.indexOf(']')
    if (end > 0) return value.slice(1, end)
  }
  const colon = value.lastIndexOf(':')
  return colon >= 0 && /^\d+$/.test(value.slice(colon + 1)) ? value.slice(0, colon) : value
}
