import type { IncomingMessage } from 'node:http'
import { targetPath, toPublicUrl } from '@postern/core/scheme'
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
    const rebase = toPublicUrl(publicUrl)
    return (_, target) => rebase(target)
  }
  const trust = trustOption(options.trustProxy)
  return (request, target) => {
    const encrypted = (request.socket as { encrypted?: boolean } | undefined)?.encrypted === true
    const { headers } = request
    const host = headers.host ?? (headers[':authority'] as string | undefined) ?? 'localhost'
    const origin = trust === false ? undefined : forwarded(request, trust)
    const path = targetPath(target)
    const scheme = origin?.proto ?? (encrypted ? 'https' : 'http')
    return `${scheme}://${origin?.host ?? host}${origin?.prefix ?? ''}${path}`
  }
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
