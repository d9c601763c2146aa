import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import type { FetchFunction } from '../provider/lookup/jwks.ts'
import { isIP, createGuard, DestinationRejected, hostOf, type AddressGuard } from './guard.ts'

// Names of private networks (RFC 6761, 6762, 8375, and `.internal`), and names without a dot.
const LOCAL = /^[^.]*$|\.(?:corp|home|home\.arpa|internal|intranet|lan|local|private)$/i

/**
 * Creates the guard for URLs that are in requests before verification, such as URLs of certificates. The guard allows
 * `http:`, since certificate authorities publish their certificates at `http:` URLs.
 */
export function strangersGuard(lookup?: LookupFunction): AddressGuard {
  const guard = createGuard({
    allowHttp: true,
    allowPort: (port) => port === 80 || port === 443,
    ...(lookup && { lookup }),
  })
  return {
    ...guard,
    url(text) {
      const url = guard.url(text)
      const host = hostOf(url)
      // The name is checked too, since a custom `fetch` may resolve it without the guard.
      if (isIP(host) === 0 && LOCAL.test(host))
        throw new DestinationRejected('the destination has a name of a private network')
      return url
    },
  }
}

/**
 * Creates a `fetch` that connects only to addresses that a guard allows. The function resolves a name once, checks the
 * addresses and connects to a checked address. So a resolver cannot switch to another address after the check.
 * Redirects are not followed.
 */
export function guardedFetch(guard: AddressGuard): FetchFunction {
  return async (text, { signal }) => {
    const url = guard.url(text)
    const name = hostOf(url)
    const [address, ...others] = isIP(name) === 0 ? await resolved(guard, name) : [name]
    let last = await asked(url, name, address!, signal).catch((error: unknown) => ({ error }))
    for (const other of others) {
      if (!('error' in last)) break
      signal?.throwIfAborted()
      last = await asked(url, name, other, signal).catch((error: unknown) => ({ error }))
    }
    if ('error' in last) throw last.error
    const { Readable } = process.getBuiltinModule('node:stream')
    return new Response(Readable.toWeb(last) as ReadableStream, { status: last.statusCode! })
  }
}

function resolved(guard: AddressGuard, name: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    guard.lookup(name, { all: true }, (error, found) => {
      const all = Array.isArray(found) ? found.map(({ address }) => address) : [found]
      if (error || all.length === 0) reject(error ?? new Error('the host name has no address'))
      else resolve(all)
    })
  })
}

function asked(
  url: URL,
  name: string,
  address: string,
  signal: AbortSignal | null | undefined,
): Promise<IncomingMessage> {
  const isSecure = url.protocol === 'https:'
  const { request } = process.getBuiltinModule(isSecure ? 'node:https' : 'node:http')
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: address,
        port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
        path: url.pathname + url.search,
        headers: { host: url.host, accept: '*/*' },
        agent: false,
        // TLS checks the server's certificate against the name, not against the address.
        ...(isSecure && isIP(name) === 0 && { servername: name }),
        ...(signal && { signal }),
      },
      resolve,
    )
    sent.once('error', reject)
    sent.end()
  })
}
