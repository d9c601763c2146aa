import { WebhookError } from '../errors.ts'

/**
 * Makes the function that puts path and query of a request's target, or of its URL, behind the URL senders know. The
 * base is used as it is written: a sender that signs `:443` signs it. Throws a `TypeError` for any other URL.
 */
export function toPublicUrl(publicUrl: string): (target: string) => string {
  const url =
    typeof publicUrl === 'string' && URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || /[?#]/.test(publicUrl)) {
    throw new TypeError(
      `publicBase must be an absolute http or https URL without a query, such as https://example.com, got ${String(publicUrl)}`,
    )
  }
  let end = publicUrl.length
  while (publicUrl.endsWith('/', end)) end--
  const base = publicUrl.slice(0, end)
  return (target) => base + targetPath(target)
}

/** Path and query of a request target: proxies may send its absolute form (RFC 9112 section 3.2.2), OPTIONS may have `*`. */
export function targetPath(target: string): string {
  if (target.startsWith('/')) return target
  const origin = /^https?:\/\/[^/?#]*/i.exec(target)
  const rest = origin ? target.slice(origin[0].length) : target
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Joins the parts of a request into its absolute URL; `prefix` is a path that a proxy cut off. */
export type JoinUrl = (scheme: string, host: string, target: string, prefix?: string) => string

/**
 * Makes the function that every adapter joins host and target of a request with. It throws `malformed_url` for a host that
 * would move the path, as `api.example/test` does, or that makes no URL.
 */
export function urlJoiner(): JoinUrl {
  let known = 'localhost'
  return (scheme, host, target, prefix = '') => {
    // Cached: hosts repeat, and parsing one costs as much as reading a small body.
    if (host !== known) {
      if (/[\s/?#@\\]/.test(host) || !URL.canParse(`http://${host}/`))
        throw new WebhookError('malformed_url', { problem: 'wrong_host', header: 'host' })
      known = host
    }
    return `${scheme}://${host}${prefix}${targetPath(target)}`
  }
}
