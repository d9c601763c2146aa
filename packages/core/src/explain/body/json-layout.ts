import type { JsonToken } from './json-tokens.ts'

/** Whitespace between the tokens of JSON. */
export interface JsonLayout {
  readonly name: string
  /** One level of indent; undefined for one line. */
  readonly indent?: string
  readonly colon: string
  readonly comma: string
  /** Between the brackets of one line that hold something: `{ "a": 1 }`. */
  readonly pad?: string
  /** What stands for empty objects and arrays: `{}`, `{ }`, one or two line breaks. @default 'closed' */
  readonly empty?: 'closed' | 'spaced' | 'open' | 'lines'
  /** Arrays on one line, with blanks inside their brackets: `[ 1, 2 ]`. */
  readonly flat?: boolean
}

const INDENTS = ['  ', '    ', '\t']
const RARE_INDENTS = [' ', '   ', '        ']

/** Layouts of known writers of JSON, the commonest first. */
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

// 60,000 tokens, each behind an indent of 500, would take 30 MB.
const MOST = 2 * 1024 * 1024

/** The tokens in a layout; undefined if that makes too much text. */
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
