import type { IncomingMessage } from 'node:http'
import { forwarded, type TrustProxy } from './forwarded.ts'

/** How the URL the sender used is found, for senders that sign it. */
export interface UrlOptions {
  /**
   * Scheme, host and, where a proxy cuts one off, the path prefix that senders see, such as `https://example.com/api`;
   * the request's own path and query are put behind it. @default what the request says
   */
  readonly publicUrl?: string
  /**
   * Which proxies may say with `X-Forwarded-Proto`, `-Host` and `-Prefix` or `Forwarded` (RFC 7239) how the sender
   * addressed them: none, all, the number of them before this server, or those whose address the function knows.
   * @default false
   */
  readonly trustProxy?: TrustProxy
}

/** Makes the function that gives the absolute URL of a request. Throws a `TypeError` where an option is wrong. */
export function requestUrl(
  options: UrlOptions,
): (request: IncomingMessage, target: string) => string {
  const { publicUrl } = options
  if (publicUrl !== undefined) {
    const base = publicBase(publicUrl)
    return (_, target) => base + pathOf(target)
  }
  const trust = trustOption(options.trustProxy)
  return (request, target) => {
    const encrypted = (request.socket as { encrypted?: boolean } | undefined)?.encrypted === true
    const { headers } = request
    const host = headers.host ?? (headers[':authority'] as string | undefined) ?? 'localhost'
    const origin = trust === false ? undefined : forwarded(request, trust)
    const path = pathOf(target)
    const scheme = origin?.proto ?? (encrypted ? 'https' : 'http')
    return `${scheme}://${origin?.host ?? host}${origin?.prefix ?? ''}${path}`
  }
}

// A proxy may send the absolute form of a target (RFC 9112 section 3.2.2), and OPTIONS may have `*`.
function pathOf(target: string): string {
  if (target.startsWith('/')) return target
  const start = /^https?:\/\/[^/?#]*/i.exec(target)
  const rest = start ? target.slice(start[0].length) : target
  return rest.startsWith('/') ? rest : `/${rest}`
}

function publicBase(publicUrl: string): string {
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new TypeError(
      `publicUrl must be an absolute http or https URL without a query, such as https://example.com, got ${publicUrl}`,
    )
  }
  // As written and not as URL prints it: a sender that signs `:443` signs it.
  return publicUrl.replace(/\/+$/, '')
}

function trustOption(trust: TrustProxy = false): TrustProxy {
  const valid =
    typeof trust === 'boolean' ||
    typeof trust === 'function' ||
    (Number.isInteger(trust) && trust >= 0)
  if (!valid)
    throw new TypeError(
      `trustProxy must be true, false, a whole number of proxies or a function of an address, got ${String(trust)}`,
    )
  return trust === 0 ? false : trust
}
