import { isDeeper } from '../../body/json.ts'
import type { Bounds } from '../bounds.ts'

/** A token of JSON as it is in the text: a mark, a string with its quotes, or a number or word. */
export type JsonToken = string

const PATTERN = /[{}[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}[\]:,"]+/gs
const MOST = 60_000

/**
 * The tokens of a JSON text; undefined if its brackets do not match, if it has characters of no token or is too large, or if
 * the bounds are used up.
 */
export function tokensOf(text: string, bounds: Bounds): readonly JsonToken[] | undefined {
  const first = text.trimStart()[0]
  if ((first !== '{' && first !== '[') || isDeeper(text, 64)) return undefined
  const tokens: JsonToken[] = []
  const open: JsonToken[] = []
  let end = 0
  for (const match of text.matchAll(PATTERN)) {
    if (tokens.length % 1024 === 0 && (tokens.length > MOST || bounds.over())) return undefined
    if (/\S/.test(text.slice(end, match.index))) return undefined
    const [token] = match
    if (token === '{' || token === '[') open.push(token)
    else if (token === '}' || token === ']') {
      if (open.pop() !== (token === '}' ? '{' : '[')) return undefined
    }
    tokens.push(token)
    end = match.index + token.length
  }
  return open.length > 0 || /\S/.test(text.slice(end)) ? undefined : tokens
}

/** A value in the tokens: where it starts and where it ends. */
interface TokenSpan {
  readonly from: number
  readonly to: number
}

/** The members of the object that starts at a place, each with its key. */
export function membersOf(tokens: readonly JsonToken[], from: number): readonly TokenSpan[] {
  const members: TokenSpan[] = []
  let depth = 0
  let start = from + 1
  for (let at = from; at < tokens.length; at++) {
    const token = tokens[at]
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    if ((token === ',' && depth === 1) || depth === 0) {
      if (at > start) members.push({ from: start, to: at })
      start = at + 1
    }
    if (depth === 0) break
  }
  return members
}
