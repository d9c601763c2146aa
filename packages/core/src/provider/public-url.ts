/**
 * Makes the function that puts path and query of a request's target, or of its URL, behind the URL senders know. The
 * base is used as it is written: a sender that signs `:443` signs it. Throws a `TypeError` for any other URL.
 */
export function toPublicUrl(publicUrl: string): (target: string) => string {
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || /[?#]/.test(publicUrl)) {
    throw new TypeError(
      `publicBase must be an absolute http or https URL without a query, such as https://example.com, got ${publicUrl}`,
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
