import { parse, stringify } from 'node:querystring'
import type { Delivery } from '@postern/core'

/**
 * The URLs that may have been signed, before their spellings. A query the sender did not sign must not pass for one it
 * did, so the public URL's own query counts only if it says what the request's says, or the request has none.
 */
export function publicUrls(
  delivery: Delivery,
  option: string | ((delivery: Delivery) => string) | undefined,
): readonly string[] {
  if (option === undefined) return [delivery.url]
  const given = typeof option === 'function' ? option(delivery) : option
  const [base, ownQuery] = split(withoutHash(given))
  const [, query] = split(withoutHash(delivery.url))
  const own = `${base}${ownQuery}`
  if (query === '' || query === ownQuery) return [own]
  const same = new URLSearchParams(query).toString() === new URLSearchParams(ownQuery).toString()
  return same ? [own, `${base}${query}`] : [`${base}${query}`]
}

/**
 * With and without the port, as it came, as the URL standard writes it, and with its query written the older way (' kept,
 * a space as %20): Twilio signs any of these, depending on the product. Each is made only if those before it were not
 * what was signed.
 */
export function* spellings(urls: readonly string[]): Generator<string> {
  const tried = new Set<string>()
  for (const spelling of allSpellings(urls)) {
    if (!tried.has(spelling)) yield spelling
    tried.add(spelling)
  }
}

function* allSpellings(urls: readonly string[]): Generator<string> {
  for (const url of urls) {
    yield withPort(url, false)
    yield withPort(url, true)
    const standard = URL.canParse(url) ? new URL(url).href : url
    for (const port of [false, true]) {
      const one = withPort(standard, port)
      yield one
      const [base, query] = split(one)
      if (query !== '')
        yield `${base}?${stringify(parse(query.slice(1), '&', '=', { maxKeys: 0 }))}`
    }
  }
}

const AUTHORITY = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?)(\[[^\]]*\]|[^:/?#]*)(:\d+)?/i

function withPort(url: string, wanted: boolean): string {
  return url.replace(AUTHORITY, (_all, head: string, host: string, port: string | undefined) => {
    if (!wanted) return head + host
    return head + host + (port ?? (/^(?:http|ws):/i.test(head) ? ':80' : ':443'))
  })
}

/** Base and query, with its question mark, of a URL. */
export function split(url: string): readonly [base: string, query: string] {
  const mark = url.indexOf('?')
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark)]
}

function withoutHash(url: string): string {
  const hash = url.indexOf('#')
  return hash < 0 ? url : url.slice(0, hash)
}
