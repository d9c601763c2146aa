import { isDeeper } from '../../body/json.ts'
import type { Bounds } from '../bounds.ts'

/** A token exactly as in the JSON text: a punctuation mark, a string with its quotes, or a number or word. */
export type JsonToken = string

const PATTERN = /[{}[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}[\]:,"]+/gs
const MOST_TOKENS = 60_000

/** Returns the tokens of a JSON text; undefined if it is invalid or too large, or the bounds are used up. */
export function tokensOf(text: string, bounds: Bounds): readonly JsonToken[] | undefined {
  const first = text.trimStart()[0]
  if ((first !== '{' && first !== '[') || isDeeper(text, 64)) return undefined
  const tokens: JsonToken[] = []
  const open: JsonToken[] = []
  let end = 0
  for (const match of text.matchAll(PATTERN)) {
    if (tokens.length % 1024 === 0 && (tokens.length > MOST_TOKENS || bounds.over()))
      return undefined
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

interface TokenSpan {
  readonly from: number
  readonly to: number
}

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

export interface JsonLayout {
  readonly name: string
  /** Text of one level of indent; undefined if the JSON is on a single line. */
  readonly indent?: string
  readonly colon: string
  readonly comma: string
  /** Space inside of brackets, if the JSON is on one line: `{ "a": 1 }`. */
  readonly pad?: string
  /**
   * How empty objects and arrays are written: `{}` (`closed`), `{ }` (`spaced`), with two line breaks (`lines`), or
   * with one line break in objects and two in arrays (`open`). @default 'closed'
   */
  readonly empty?: 'closed' | 'spaced' | 'open' | 'lines'
  /** True if arrays are on one line, with spaces inside of their brackets: `[ 1, 2 ]`. */
  readonly flat?: boolean
}

const INDENTS = ['  ', '    ', '\t']
const RARE_INDENTS = [' ', '   ', '        ']

export const LAYOUTS: readonly JsonLayout[] = [
  { name: 'no whitespace (JSON.stringify, PHP, Go, Ruby)', colon: ':', comma: ',' },
  { name: 'a space after colons and commas (Python)', colon: ': ', comma: ', ' },
  ...INDENTS.map(indented),
  {
    name: 'an indent of 2, a space before colons and arrays on one line (Jackson)',
    indent: '  ',
    colon: ' : ',
    comma: ',',
    empty: 'spaced',
    flat: true,
  },
  ...['  ', '    '].map((indent) => ({
    name: `an indent of ${indent.length} and a space before colons (Swift)`,
    indent,
    colon: ' : ',
    comma: ',',
    empty: 'lines' as const,
  })),
  ...['  ', '    '].map((indent) => ({
    name: `an indent of ${indent.length} and open empty brackets (Ruby)`,
    indent,
    colon: ': ',
    comma: ',',
    empty: 'open' as const,
  })),
  ...RARE_INDENTS.map(indented),
  { name: 'a space after colons', colon: ': ', comma: ',' },
  { name: 'a space after commas', colon: ':', comma: ', ' },
  { name: 'spaces inside brackets', colon: ': ', comma: ', ', pad: ' ' },
  { name: 'spaces around colons', colon: ' : ', comma: ', ' },
  ...INDENTS.map((indent) => ({
    name: `an indent and a space after commas (Python 2)`,
    indent,
    colon: ': ',
    comma: ', ',
  })),
]

function indented(indent: string): JsonLayout {
  return {
    name: `an indent of ${indent === '\t' ? 'a tab' : indent.length}`,
    indent,
    colon: ': ',
    comma: ',',
  }
}

// Maximum length of the result in characters: 60,000 tokens, each with an indent of 500, would need 30 MB.
const MOST = 2 * 1024 * 1024

export function laidOut(tokens: readonly JsonToken[], layout: JsonLayout): string | undefined {
  const { indent, colon, comma, pad = '', empty = 'closed', flat = false } = layout
  const isFlat: boolean[] = []
  let text = ''
  let depth = 0
  const line = (): string => (indent === undefined ? '' : `\n${indent.repeat(depth)}`)
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!
    const next = tokens[at + 1]
    if (token === ',') text += isFlat.at(-1) ? ', ' : comma + line()
    else if (token === ':') text += colon
    else if (token === '{' || token === '[') {
      if (next === '}' || next === ']') {
        at++
        text += token + between(empty, token) + next
        continue
      }
      isFlat.push(flat && token === '[')
      if (!isFlat.at(-1)) depth++
      text += token + (isFlat.at(-1) ? ' ' : indent === undefined ? pad : line())
    } else if (token === '}' || token === ']') {
      if (isFlat.pop()) text += ` ${token}`
      else {
        depth--
        text += (indent === undefined ? pad : line()) + token
      }
    } else text += token
    if (text.length > MOST) return undefined
  }
  return text

  function between(how: NonNullable<JsonLayout['empty']>, open: JsonToken): string {
    if (how === 'spaced') return ' '
    if (indent === undefined || how === 'closed') return ''
    return (how === 'lines' || open === '[' ? '\n' : '') + line()
  }
}
