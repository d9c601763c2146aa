import { targetPath } from '@postern/core/scheme'

/**
 * The URL a request was sent to. Next.js puts the name it was started with into `request.url` (`localhost`, `0.0.0.0`),
 * which no sender has signed; `Host` is the name that the client used.
 */
export function addressedUrl(request: Request): string {
  const { url } = request
  const host = request.headers.get('host')
  // An invalid host would make an unreadable URL.
  return host === null || !URL.canParse(`http://${host}/`)
    ? url
    : `${url.slice(0, url.indexOf('://'))}://${host}${targetPath(url)}`
}
