import type { IncomingMessage } from 'node:http'

/** Which proxies are believed: see `trustProxy`. The function is asked with an IP address. */
export type TrustProxy = boolean | number | ((address: string) => boolean)

/** How the sender addressed the outermost proxy that is believed. */
export interface Origin {
  readonly proto: string | undefined
  readonly host: string | undefined
  readonly prefix: string | undefined
}

/**
 * Reads the origin off the headers of proxies. Each proxy appends to a list, so that what stands before the entries of
 * the trusted ones was written by anybody: the first entry of the outermost trusted proxy counts, counted from the end.
 */
export function forwarded(request: IncomingMessage, trust: TrustProxy): Origin | undefined {
  const hops = trustedHops(request, trust)
  if (hops === 0) return undefined
  const element = pick(items(request, 'forwarded'), hops)
  const proto = pick(items(request, 'x-forwarded-proto'), hops) ?? parameter(element, 'proto')
  const host = pick(items(request, 'x-forwarded-host'), hops) ?? parameter(element, 'host')
  const prefix = pick(items(request, 'x-forwarded-prefix'), hops)?.replace(/\/+$/, '')
  return {
    proto: proto !== undefined && /^https?$/i.test(proto) ? proto.toLowerCase() : undefined,
    host: host !== undefined && /^[\w.:[\]-]+$/.test(host) ? host : undefined,
    prefix: prefix !== undefined && /^\/[^?#\s]*$/.test(prefix) ? prefix : undefined,
  }
}

function trustedHops(request: IncomingMessage, trust: TrustProxy): number {
  if (typeof trust === 'boolean') return trust ? Infinity : 0
  if (typeof trust === 'number') return trust
  const known = items(request, 'x-forwarded-for')
  const senders =
    known.length > 0
      ? known
      : items(request, 'forwarded').map((item) => node(parameter(item, 'for')))
  let hops = 0
  let address: string | undefined = request.socket.remoteAddress
  while (address !== undefined && trust(address)) {
    hops++
    address = senders.at(-hops)
  }
  return hops
}

function items(request: IncomingMessage, name: string): string[] {
  const value = request.headers[name]
  if (value === undefined || value.length === 0) return []
  return String(value)
    .split(',')
    .map((item) => item.trim())
}

function pick(values: readonly string[], hops: number): string | undefined {
  return values.length === 0 ? undefined : values[Math.max(0, values.length - hops)]
}

function parameter(element: string | undefined, name: string): string | undefined {
  for (const pair of element?.split(';') ?? []) {
    const [key = '', value = ''] = pair.split('=', 2)
    if (key.trim().toLowerCase() === name) return value.trim().replace(/^"(.*)"$/, '$1')
  }
  return undefined
}

// `for` holds an address with a port, IPv6 in brackets (RFC 7239 section 6).
function node(value: string | undefined): string {
  const bracketed = /^\[([^\]]*)\]/.exec(value ?? '')
  return bracketed?.[1] ?? (value ?? '').replace(/:\d+$/, '')
}
