import type { About } from '../../core/src/provider/index.ts'
import type { SavedRequest } from '../../cli/src/request/curl.ts'

type Sent = SavedRequest['delivery']

// A header that many senders use: it decides only if no other sender is left.
const SHARED = 'authorization'

/** Returns the senders that may have sent the request, by the place of their signature: one, several with the same place, or none. */
export function likelySenders(abouts: readonly About[], sent: Sent): readonly About[] {
  const headers = new Map(
    [...linesOf(sent)].map(([name, value]) => [name.toLowerCase(), value] as const),
  )
  const query = new URL(sent.url ?? '/', 'https://example.com').searchParams
  const body = typeof sent.body === 'string' ? sent.body : new TextDecoder().decode(sent.body)
  const has = ({ place }: About): 0 | 1 | 2 | 3 => {
    if (place === undefined) return 0
    if ('header' in place) {
      const name = place.header.toLowerCase()
      return headers.has(name) ? (name === SHARED ? 1 : 3) : 0
    }
    if ('query' in place) return query.has(place.query) ? 2 : 0
    const field = place.field.split('.').at(-1)!
    return new RegExp(`"${field}"|(?:^|&)${field}=|name="?${field}"?|<(?:\\w+:)?${field}>`).test(
      body,
    )
      ? 2
      : 0
  }
  const ranked = abouts.map((about) => [has(about), about] as const)
  const most = Math.max(...ranked.map(([rank]) => rank))
  if (most === 0) return []
  const found = ranked.flatMap(([rank, about]) => (rank === most ? [about] : []))
  // GitHub signs in a header that others use too, and names itself in another header.
  const named = found.filter((about) => isNamed(about, headers))
  return named.length > 0 ? named : found
}

function isNamed({ name }: About, headers: ReadonlyMap<string, string>): boolean {
  const plain = letters(name)
  return [...headers].some(
    ([header, value]) =>
      letters(header).includes(plain) ||
      (header === 'user-agent' && letters(value).includes(plain)),
  )
}

function letters(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z\d]/g, '')
}

function linesOf({ headers }: Sent): readonly (readonly [string, string])[] {
  if (headers === undefined) return []
  const lines = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  return lines.map(([name, value]) => [name, String(value)] as const)
}
