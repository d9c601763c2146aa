import { toBuffer, utf8 } from '../body/bytes.ts'
import type { Bounds } from './bounds.ts'
import { RAW } from './bytes.ts'
import type { Change, Request } from './finding.ts'
import { laidOut, LAYOUTS, type Layout } from './json-layout.ts'
import { byKey, integersLast, isInteger, reordered } from './json-order.ts'
import { escapesFor, rewritten, type Escapes } from './json-strings.ts'
import { tokensOf, type Token } from './json-tokens.ts'

const MOST = 256 * 1024

/**
 * Bodies as other writers of JSON would have written the same tokens: layouts first, then escapes, both, the order of
 * keys, and numbers with the zeros that JavaScript drops.
 */
export function* reserialized(request: Request, bounds: Bounds): Generator<Change> {
  if (request.body.length > MOST || request.body.length === 0) return
  const text = utf8(request.body).replace(/^\uFEFF/, '')
  const tokens = tokensOf(text, bounds)
  if (!tokens) return
  const tried = new Set<string>([text])
  const ends = text.endsWith('\n') ? ['\n', ''] : ['', '\n']
  const escapes = escapesFor(text)
  const strings = (by: Escapes): readonly Token[] =>
    tokens.map((token) => (token[0] === '"' ? rewritten(token, by) : token))

  for (const layout of LAYOUTS) yield* writtenAs(tokens, layout, '')
  // The text as it is laid out, with other escapes.
  for (const by of escapes) {
    if (bounds.over()) return
    yield* attempt(inPlace(text, by), `the escapes of ${named(by)}`)
  }
  for (const by of escapes) {
    if (bounds.over()) return
    const other = strings(by)
    for (const layout of LAYOUTS)
      yield* writtenAs(other, layout, ` and the escapes of ${named(by)}`)
  }
  const orders = [byKey, ...(tokens.some(isInteger) ? [integersLast] : [])]
  for (const order of orders) {
    if (bounds.over()) return
    for (const by of escapes) {
      if (bounds.over()) return
      const other = reordered(strings(by), order)
      for (const layout of LAYOUTS) yield* writtenAs(other, layout, ' and keys in another order')
    }
  }
  for (const other of numbers(tokens)) {
    if (bounds.over()) return
    for (const layout of LAYOUTS.slice(0, 5))
      yield* writtenAs(other, layout, ' and numbers rewritten')
  }

  function* writtenAs(from: readonly Token[], layout: Layout, more: string): Generator<Change> {
    if (bounds.over()) return
    const written = laidOut(from, layout)
    if (written === undefined) return
    for (const end of ends) yield* attempt(written + end, layout.name + more)
    if (layout.indent !== undefined && text.includes('\r\n'))
      yield* attempt(written.replaceAll('\n', '\r\n'), layout.name + more)
  }

  function* attempt(written: string, how: string): Generator<Change> {
    if (tried.has(written)) return
    // The texts are let go once they were tried: a set of 1,000 large ones would hold 256 MB.
    if (written.length < 4096) tried.add(written)
    yield {
      request: { ...request, body: toBuffer(written) },
      steps: [
        {
          cause: 'body-reserialized',
          message: `the body was parsed and written again: it was signed with ${how}`,
          remedy: RAW,
        },
      ],
    }
  }
}

function inPlace(text: string, escapes: Escapes): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, (token) => rewritten(token, escapes))
}

/** Numbers with the zeros that a writer drops: one number at a time, then all of them. */
function* numbers(tokens: readonly Token[]): Generator<readonly Token[]> {
  const places = tokens.flatMap((token, at) => (/^-?\d+(?:\.\d+)?$/.test(token) ? [at] : []))
  const longer = (token: Token): readonly Token[] =>
    token.includes('.') ? [`${token}0`] : [`${token}.0`, `${token}.00`]
  if (places.length > 100) return
  for (const place of places)
    for (const number of longer(tokens[place]!)) yield tokens.with(place, number)
  for (const zeros of [0, 1])
    yield tokens.map((token, at) => (places.includes(at) ? (longer(token)[zeros] ?? token) : token))
}

function named(escapes: Escapes): string {
  const { beyond, slash, html } = escapes
  if (slash) return beyond === 'raw' ? 'PHP (JSON_UNESCAPED_UNICODE)' : 'PHP'
  if (html === '<>&') return 'Go'
  if (html !== '') return 'a writer that escapes HTML'
  return beyond === 'raw' ? 'JSON.stringify' : 'Python (\\u beyond ASCII)'
}
