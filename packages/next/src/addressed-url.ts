import { urlJoiner } from '@postern/core/scheme'

/**
 * Makes the function that returns the URL a request was sent to. Next.js puts the name it was started with into `request.url`
 * (`localhost`, `0.0.0.0`), which no sender has signed; `Host` is the name that the client used. It throws `malformed_url`
 * if that is not a host.
 */
export function addressedUrl(): (request: Request) => string {
  const join = urlJoiner()
  return ({ url, headers }) => {
    const host = headers.get('host')
    return host === null ? url : join(url.slice(0, url.indexOf('://')), host, url)
  }
}
