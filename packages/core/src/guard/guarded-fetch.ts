import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import type { FetchFunction } from '../provider/lookup/jwks.ts'
import { isIP, createGuard, DestinationRejected, hostOf, type AddressGuard } from './guard.ts'

// Names of networks of one's own (RFC 6761, 6762, 8375, and `.internal`), and names without a dot.
const LOCAL = /^[^.]*$|\.(?:corp|home|home\.arpa|internal|intranet|lan|local|private)$/i

/** The guard of URLs that a stranger names: issuers of certificates are at `http:` URLs, and decide only by a signature. */
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
      // An own `fetch` may resolve names where no guard sees their addresses.
      if (isIP(host) === 0 && LOCAL.test(host))
        throw new DestinationRejected('the destination has a name of a private network')
      return url
    },
  }
}

/**
 * Makes a `fetch` that connects to what a guard allows. Names are resolved and checked first, and the checked address is connected
 * to, so that a second answer of the resolver counts for nothing. Redirects are answers like others.
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
      if (error || all.length === 0) reject(error ?? new Error('the name has no address'))
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
        // The certificate of the server must be for its name.
        ...(isSecure && isIP(name) === 0 && { servername: name }),
        ...(signal && { signal }),
      },
      resolve,
    )
    sent.once('error', reject)
    sent.end()
  })
}
