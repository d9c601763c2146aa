import type { FindingCause, Change, PlainRequest, Clue } from '../finding.ts'
import { fieldsOf, written, WRITERS } from '../body/form.ts'
import { orders } from '../orders.ts'
import { urlParts, sourcesOf, type UrlParts } from './url-sources.ts'

interface Variant {
  readonly value: string
  readonly cause: FindingCause
}

/** Yields requests with other URLs that the sender may have signed. Changes one part first, then two, then more. */
export function* urlChanges(
  request: PlainRequest,
  publicUrl: string | undefined,
  takesPublicUrl: boolean,
): Generator<Change> {
  const current = urlParts(publicUrl ?? request.url)
  if (!current || (publicUrl ?? request.url).length > 8192) return
  const known = sourcesOf(request, publicUrl)
  const parts: readonly (readonly [keyof UrlParts, readonly Variant[]])[] = [
    ['scheme', distinct(known.scheme, ['https', 'http'], current.scheme, 'url-scheme')],
    [
      'port',
      distinct(
        known.port,
        ['', ':443', ':80', ':8080', ':3000', ':8443'],
        current.port,
        'url-port',
      ),
    ],
    ['host', distinct(known.host, hosts(current.host), current.host, 'url-host')],
    ['path', distinct(known.path, paths(current.path), current.path, 'url-path')],
    ['query', queries(current.query, known.query)],
  ]
  const tried = new Set<string>()
  for (let count = 1; count <= 4; count++)
    for (const change of changesOf(parts, count))
      for (const to of withAndWithoutPort(current, change.parts)) {
        const url = textOf(to)
        if (tried.has(url)) continue
        tried.add(url)
        yield {
          request: { ...request, url },
          ...(takesPublicUrl && { options: { publicUrl: url } }),
          steps: change.causes.map((cause) =>
            stepOf(cause, current, to, { publicUrl, takesPublicUrl }),
          ),
        }
      }
}

/**
 * Returns the changed URL. If the host is changed but not the port, the URL without the port comes first: an internal
 * port seldom belongs to an external host.
 */
function withAndWithoutPort(from: UrlParts, parts: Partial<UrlParts>): readonly UrlParts[] {
  const to = { ...from, ...parts }
  const isInner = parts.host !== undefined && parts.port === undefined && from.port !== ''
  return isInner ? [{ ...to, port: '' }, to] : [to]
}

interface Changed {
  readonly parts: Partial<UrlParts>
  readonly causes: readonly FindingCause[]
}

// Maximum number of variants to try of each part, by the number of parts that are changed together (1 to 4). With these
// limits, there are 400, 640, 640 and 405 URLs to try.
const TRIED = [0, 400, 8, 4, 3]

function* changesOf(
  parts: readonly (readonly [keyof UrlParts, readonly Variant[]])[],
  count: number,
  most: number = TRIED[count]!,
): Generator<Changed> {
  if (count === 0) return yield { parts: {}, causes: [] }
  for (const [at, [name, variants]] of parts.entries())
    for (const { value, cause } of variants.slice(0, most))
      for (const rest of changesOf(parts.slice(at + 1), count - 1, most))
        yield { parts: { [name]: value, ...rest.parts }, causes: [cause, ...rest.causes] }
}

function distinct(
  known: readonly string[],
  guesses: readonly string[],
  current: string,
  cause: FindingCause,
): Variant[] {
  const values = new Set([...known, ...guesses])
  values.delete(current)
  return [...values].slice(0, 60).map((value) => ({ value, cause }))
}

function hosts(host: string): readonly string[] {
  return [host.toLowerCase(), host.startsWith('www.') ? host.slice(4) : `www.${host}`]
}

function paths(path: string): readonly string[] {
  const slash = path.endsWith('/') ? path.slice(0, -1) : `${path}/`
  const found = [slash, path.replaceAll(/\/{2,}/g, '/'), path.toLowerCase()]
  const segments = path.split('/').slice(1)
  for (let cut = 1; cut < Math.min(segments.length, 4); cut++)
    found.push(`/${segments.slice(cut).join('/')}`, `/${segments.slice(0, -cut).join('/')}`)
  for (const convert of [decodeURI, decodeURIComponent, encodeURI]) {
    try {
      found.push(convert(path))
    } catch {}
  }
  for (const prefix of [
    '/api',
    '/webhooks',
    '/webhook',
    '/hooks',
    '/v1',
    '/prod',
    '/dev',
    '/stage',
    '/default',
  ])
    found.push(prefix + path)
  return found
}

function queries(query: string, known: readonly string[]): Variant[] {
  const found = new Map<string, FindingCause>()
  for (const value of known) found.set(value, 'url-query')
  if (query.length > 1) {
    const raw = query.slice(1).split('&')
    if (raw.length <= 50)
      for (const order of orders(raw)) found.set(`?${order.join('&')}`, 'parameters-order')
    found.set('', 'url-query')
    for (const at of raw.slice(0, 50).keys()) {
      const rest = raw.toSpliced(at, 1).join('&')
      found.set(rest === '' ? '' : `?${rest}`, 'url-query')
    }
    const fields = fieldsOf(query.slice(1)) ?? []
    for (const writer of WRITERS)
      if (fields.length > 0)
        found.set(`?${fields.map((pair) => written(pair, writer)).join('&')}`, 'url-query')
    found.set(`?${fields.map((pair) => pair.join('=')).join('&')}`, 'url-query')
  }
  for (const value of ['', '?']) if (!found.has(value)) found.set(value, 'url-query')
  found.delete(query)
  // The queries from headers come first, then the query with its parameters in other orders. The order matters, since
  // combinations with other parts of the URL use only the first few queries.
  return [...found].map(([value, cause]) => ({ value, cause })).slice(0, 400)
}

function textOf({ scheme, host, port, path, query }: UrlParts): string {
  return `${scheme}://${host}${port}${path}${query}`
}

const SAYS: Partial<Record<FindingCause, (from: UrlParts, to: UrlParts) => string>> = {
  'url-scheme': (from, to) =>
    `the signed URL starts with ${to.scheme}, but ${from.scheme} was verified`,
  'url-host': (from, to) =>
    `the signed URL has the host ${shown(to.host + to.port)}, but ${shown(from.host + from.port)} was verified`,
  'url-port': (from, to) => `the signed URL has ${port(to)}, but ${port(from)} was verified`,
  'url-path': (from, to) =>
    `the signed URL has the path ${shown(to.path)}, but ${shown(from.path)} was verified`,
  'url-query': () => 'the query of the URL is not the one that was signed',
  'parameters-order': () =>
    'the parameters of the query came in another order than they were signed in',
}

interface Offer {
  readonly publicUrl: string | undefined
  readonly takesPublicUrl: boolean
}

function stepOf(cause: FindingCause, from: UrlParts, to: UrlParts, offer: Offer): Clue {
  return { cause, message: SAYS[cause]!(from, to), remedy: remedyOf(from, to, offer) }
}

function remedyOf(from: UrlParts, to: UrlParts, { publicUrl, takesPublicUrl }: Offer): string {
  const origin = `${to.scheme}://${shown(to.host)}${to.port}`
  const whole = `'${origin}${shown(to.path)}'${to.query === '' ? '' : ' with its query'}`
  // publicUrl takes precedence over the settings of the adapter.
  if (publicUrl !== undefined) return `give the URL that the sender calls: publicUrl: ${whole}`
  const byProvider = takesPublicUrl ? `, or the provider publicUrl: ${whole}` : ''
  const trust = 'let the adapter trust the proxy in front (trustProxy)'
  if (!to.path.endsWith(from.path))
    return `${trust}${byProvider || `, or mount the receiver at the path that the sender calls: ${whole}`}`
  const base = origin + shown(to.path.slice(0, to.path.length - from.path.length))
  return `${trust}, or give it publicBase: '${base}'${byProvider}`
}

function port({ port: text }: UrlParts): string {
  return text === '' ? 'no port' : `the port ${text.slice(1)}`
}

// Replaces unusual characters, since the text comes from the network.
function shown(text: string): string {
  return text.replaceAll(/[^\w.:/[\]%~@!$'()*,;=-]/g, '?').slice(0, 200)
}
