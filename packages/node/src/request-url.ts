import type { IncomingMessage } from 'node:http'
import { toPublicUrl, urlJoiner } from '@postern/core/scheme'
import { forwarded, type TrustProxy } from './forwarded.ts'

/** Options for the URL that the sender used, for senders that sign it. */
export interface UrlOptions {
  /**
   * Scheme, host and, if a proxy cuts one off, the path prefix that senders see, such as `https://example.com/api`;
   * the request's own path and query are appended. @default the origin of the request
   */
  readonly publicBase?: string
  /**
   * Trusted proxies, and the headers in which they pass on the origin.
   * `{ hops: 1, headers: ['x-forwarded-proto', 'x-forwarded-host'] }` believes one proxy in these two. @default false, none
   */
  readonly trustProxy?: TrustProxy | false
}

/**
 * Makes the function that returns the absolute URL of a request, and throws `malformed_url` for an invalid Host. Throws a
 * `TypeError` if an option is wrong.
 */
export function requestUrl(
  options: UrlOptions,
): (request: IncomingMessage, target: string) => string {
  const { publicBase } = options
  if (publicBase !== undefined) {
    const rebase = toPublicUrl(publicBase)
    return (_, target) => rebase(target)
  }
  const { trustProxy = false } = options
  const originOf = trustProxy === false ? undefined : forwarded(trustProxy)
  const join = urlJoiner()
  return (request, target) => {
    const encrypted = (request.socket as { encrypted?: boolean } | undefined)?.encrypted === true
    const { headers } = request
    const own = headers.host ?? (headers[':authority'] as string | undefined) ?? 'localhost'
    const origin = originOf?.(request)
    const scheme = origin?.proto ?? (encrypted ? 'https' : 'http')
    return join(scheme, origin?.host ?? own, target, origin?.prefix)
  }
}
