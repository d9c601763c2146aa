import { createHash } from 'node:crypto'
import { toBuffer, utf8 } from '../../body/bytes.ts'
import type { Bounds } from '../bounds.ts'
import { bodyClue, MARK } from './bytes.ts'
import type { Change, PlainRequest } from '../finding.ts'
import { escapesFor, rewritten, WRITERS_OF_STRINGS, type Escapes } from './json-strings.ts'
import {
  laidOut,
  LAYOUTS,
  membersOf,
  tokensOf,
  type JsonLayout,
  type JsonToken,
} from './json-layout.ts'

// Number of layouts at the start of `LAYOUTS` that most senders use.
const COMMON = 4

/**
 * Yields the bodies that other JSON libraries would have written for the same JSON. First the layout differs, then the
 * escapes, then both. Then numbers or empty objects are written differently. Finally, the order of keys differs.
 */
export function* reserialized(
  request: PlainRequest,
  bounds: Bounds,
  which: 'all' | 'layouts' = 'all',
): Generator<Change> {
  const came = utf8(request.body)
  const text = came.replace(/^\uFEFF/, '')
  const tokens = tokensOf(text, bounds)
  if (!tokens) return
  const tried = new Set<string>([text])
  const ends = text.endsWith('\n') ? ['\n', ''] : ['', '\n']
  for (const layout of LAYOUTS) yield* writtenAs(tokens, layout, '', ends)
  if (which === 'layouts') return
  const styles = distinct(tokens, escapesFor(text), bounds)
  const known = styles.filter((by) => WRITERS_OF_STRINGS.includes(by))
  const strings = (by: Escapes): readonly JsonToken[] =>
    tokens.map((token) => (token[0] === '"' ? rewritten(token, by) : token))

  for (const by of styles) {
    if (bounds.over()) return
    yield* attempt(inPlace(text, by), `the escapes of ${by.name}`)
  }
  for (const by of styles) {
    if (bounds.over()) return
    const written = strings(by)
    const isKnown = known.includes(by)
    for (const layout of isKnown ? LAYOUTS : LAYOUTS.slice(0, COMMON))
      yield* writtenAs(written, layout, ` and the escapes of ${by.name}`, isKnown ? ends : [''])
  }
  for (const by of known.slice(0, COMMON))
    for (const other of restored(strings(by))) {
      if (bounds.over()) return
      for (const layout of LAYOUTS.slice(0, COMMON))
        yield* writtenAs(other, layout, ' and numbers or empty objects written differently', ends)
    }
  for (const by of known)
    for (const other of allOrders(strings(by))) {
      if (bounds.over()) return
      for (const layout of LAYOUTS.slice(0, 2 * COMMON))
        yield* writtenAs(other, layout, ' and keys in a different order', [''])
    }
  for (const order of [byKey, ...(tokens.some(isInteger) ? [integersLast] : [])])
    for (const by of known) {
      if (bounds.over()) return
      const other = reordered(strings(by), order)
      for (const layout of LAYOUTS)
        yield* writtenAs(other, layout, ' and keys in a different order', ends)
    }

  function* writtenAs(
    from: readonly JsonToken[],
    layout: JsonLayout,
    more: string,
    lastly: readonly string[],
  ): Generator<Change> {
    if (bounds.over()) return
    const written = laidOut(from, layout)
    if (written === undefined) return
    for (const end of lastly) yield* attempt(written + end, layout.name + more)
    if (layout.indent !== undefined && text.includes('\r\n'))
      yield* attempt(written.replaceAll('\n', '\r\n'), layout.name + more)
  }

  function* attempt(written: string, how: string): Generator<Change> {
    if (tried.has(written)) return
    // Long texts are not remembered: a set of 1,000 texts of 256 KB would need 256 MB.
    if (written.length < 4096) tried.add(written)
    yield {
      request: { ...request, body: toBuffer(written) },
      steps: [
        bodyClue(
          'body-reserialized',
          `the body was parsed and written again: it was signed with ${how}`,
        ),
        // JSON libraries must not add a byte order mark (RFC 8259, section 8.1). So another program added the mark.
        ...(came === text ? [] : [MARK]),
      ],
    }
  }
}

function inPlace(text: string, escapes: Escapes): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, (token) => rewritten(token, escapes))
}

function distinct(
  tokens: readonly JsonToken[],
  escapes: readonly Escapes[],
  bounds: Bounds,
): readonly Escapes[] {
  const strings = tokens.filter((token) => token[0] === '"' && /[^\w" .,:;-]/.test(token))
  const seen = new Set<string>()
  return escapes.filter((by) => {
    if (bounds.over()) return false
    const sample = strings.map((token) => rewritten(token, by)).join('')
    const digest = createHash('sha256').update(sample).digest('base64')
    return !seen.has(digest) && seen.add(digest)
  })
}

const COMBINED = 300
const MOST_PLACES = 100

/** Yields token lists that the sender may have written, with the zeros, exponents and `{}` that parsing loses. */
function* restored(tokens: readonly JsonToken[]): Generator<readonly JsonToken[]> {
  const places: { readonly at: number; readonly others: readonly JsonToken[] }[] = []
  for (const [at, token] of tokens.entries()) {
    const others = othersOf(token, tokens[at + 1])
    if (others.length > 0) places.push({ at, others })
    if (places.length > MOST_PLACES) return
  }
  for (const { at, others } of places) for (const other of others) yield put(tokens, at, other)
  const kinds = [
    places,
    places.filter(({ at }) => tokens[at]!.includes('.')),
    places.filter(({ at }) => /^-?\d+$/.test(tokens[at]!)),
    places.filter(({ at }) => tokens[at] === '['),
  ]
  for (const kind of kinds)
    for (const which of [0, 1])
      if (kind.length > 1)
        yield kind.reduce(
          (all, { at, others }) => put(all, at, others[which] ?? others[0]!),
          tokens,
        )
  const ways = [3, 2].find((most) => countOf(most) <= COMBINED)
  if (ways === undefined || places.length < 2) return
  for (let chosen = 1; chosen < countOf(ways); chosen++) {
    let rest = chosen
    yield places.reduce((all, { at, others }) => {
      const size = Math.min(others.length + 1, ways)
      const which = rest % size
      rest = Math.floor(rest / size)
      return which === 0 ? all : put(all, at, others[which - 1]!)
    }, tokens)
  }

  function countOf(most: number): number {
    return places.reduce((all, { others }) => all * Math.min(others.length + 1, most), 1)
  }
}

function put(tokens: readonly JsonToken[], at: number, other: JsonToken): readonly JsonToken[] {
  return other === '{}' ? tokens.with(at, '{').with(at + 1, '}') : tokens.with(at, other)
}

function othersOf(token: JsonToken, next: JsonToken | undefined): readonly JsonToken[] {
  // PHP parses `{}` as an empty list, and writes it as `[]`.
  if (token === '[' && next === ']') return ['{}']
  if (/^-?\d+(?:\.0)?$/.test(token)) {
    const whole = token.replace('.0', '')
    const exponent = /^(-?\d)(\d*?)(0{4,})$/.exec(whole)
    const digits = exponent && `${exponent[1]}${exponent[2] === '' ? '' : `.${exponent[2]}`}`
    const power = whole.replace('-', '').length - 1
    return [
      ...(digits ? ['E', 'e', 'e+', 'E+'].map((letter) => digits + letter + power) : []),
      ...(whole === token ? [`${whole}.0`, `${whole}.00`] : [`${token}0`, whole]),
    ]
  }
  if (/^-?\d+\.\d+$/.test(token)) return [`${token}0`, `${token}00`]
  const [, digits, sign = '', power] = /^(-?\d+(?:\.\d+)?)[eE]([+-]?)0*(\d+)$/.exec(token) ?? []
  if (digits === undefined) return []
  const all = ['e', 'E'].flatMap((letter) => [
    `${digits}${letter}${sign}${power}`,
    `${digits}${letter}${sign === '' ? '+' : sign}${power}`,
    `${digits}${letter}${sign === '' ? '+' : sign}${power!.padStart(2, '0')}`,
  ])
  return [...new Set(all)].filter((other) => other !== token)
}

type Members = ReturnType<typeof membersOf>

function rearranged(
  tokens: readonly JsonToken[],
  arrange: (members: Members) => Members,
): readonly JsonToken[] {
  const out: JsonToken[] = []
  write(0, tokens.length)
  return out

  function write(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const token = tokens[at]!
      out.push(token)
      if (token !== '{') continue
      const members = membersOf(tokens, at)
      for (const [place, member] of arrange(members).entries()) {
        if (place > 0) out.push(',')
        write(member.from, member.to)
      }
      const last = members.at(-1)
      if (last) at = last.to - 1
    }
  }
}

export function reordered(
  tokens: readonly JsonToken[],
  order: (a: JsonToken, b: JsonToken) => number,
): readonly JsonToken[] {
  return rearranged(tokens, (members) =>
    members.toSorted((a, b) => order(tokens[a.from]!, tokens[b.from]!)),
  )
}

// If the keys can be ordered in at most this number of ways, all orders are tried.
const ORDERS = 150

function* allOrders(tokens: readonly JsonToken[]): Generator<readonly JsonToken[]> {
  const sizes = tokens.flatMap((token, at) => (token === '{' ? membersOf(tokens, at).length : []))
  let count = 1
  for (const size of sizes)
    for (let factor = 2; factor <= size; factor++) if ((count *= factor) > ORDERS) return
  // Each number `n` stands for one order of the keys of each object, encoded in mixed radix. `rest` is the part of `n`
  // that is not decoded yet.
  for (let n = 1; n < count; n++) {
    let rest = n
    yield rearranged(tokens, (members) => {
      const left = [...members]
      return members.map(() => {
        const [member] = left.splice(rest % left.length, 1)
        rest = Math.floor(rest / (left.length + 1))
        return member!
      })
    })
  }
}

export function byKey(a: JsonToken, b: JsonToken): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * Compares keys for sorting: keys that look like integers come last. JavaScript moves such keys to the front, so the
 * sender may have written them at the end.
 */
export function integersLast(a: JsonToken, b: JsonToken): number {
  return Number(isInteger(a)) - Number(isInteger(b))
}

export function isInteger(key: JsonToken): boolean {
  return /^"(?:0|[1-9]\d{0,9})"$/.test(key)
}
