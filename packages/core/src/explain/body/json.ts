import { createHash } from 'node:crypto'
import { toBuffer, utf8 } from '../../body/bytes.ts'
import type { Bounds } from '../bounds.ts'
import { MARK, RAW } from './bytes.ts'
import type { Change, PlainRequest } from '../finding.ts'
import { laidOut, LAYOUTS, type JsonLayout } from './json-layout.ts'
import { allOrders, byKey, integersLast, isInteger, reordered } from './json-order.ts'
import { restored } from './json-restored.ts'
import { escapesFor, rewritten, WRITERS_OF_STRINGS, type Escapes } from './json-strings.ts'
import { tokensOf, type JsonToken } from './json-tokens.ts'

const MOST = 256 * 1024
// Of the layouts, those that most senders use.
const COMMON = 4

/** Of what `reserialized` yields, the commonest by far and the cheapest to try: the same tokens in each layout. */
export function laidOutAgain(request: PlainRequest, bounds: Bounds): Generator<Change> {
  return reserialized(request, bounds, 'layouts')
}

/**
 * Bodies as other writers of JSON would have written the same tokens: layouts first, then escapes, both, the order of
 * keys, and numbers with the zeros that JavaScript drops.
 */
export function* reserialized(
  request: PlainRequest,
  bounds: Bounds,
  which: 'all' | 'layouts' = 'all',
): Generator<Change> {
  if (request.body.length > MOST || request.body.length === 0) return
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

  // The text as it is laid out, with other escapes.
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
        yield* writtenAs(other, layout, ' and numbers or empty objects written otherwise', ends)
    }
  for (const by of known)
    for (const other of allOrders(strings(by))) {
      if (bounds.over()) return
      for (const layout of LAYOUTS.slice(0, 2 * COMMON))
        yield* writtenAs(other, layout, ' and keys in another order', [''])
    }
  for (const order of [byKey, ...(tokens.some(isInteger) ? [integersLast] : [])])
    for (const by of known) {
      if (bounds.over()) return
      const other = reordered(strings(by), order)
      for (const layout of LAYOUTS)
        yield* writtenAs(other, layout, ' and keys in another order', ends)
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
        // No writer of JSON may write a mark (RFC 8259, section 8.1): something else did.
        ...(came === text ? [] : [MARK]),
      ],
    }
  }
}

function inPlace(text: string, escapes: Escapes): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, (token) => rewritten(token, escapes))
}

/** The ways to escape that differ on these tokens. */
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
