import type { Token } from './json-tokens.ts'

/** Whitespace between the tokens of JSON. */
export interface Layout {
  readonly name: string
  /** One level of indent; undefined for one line. */
  readonly indent?: string
  readonly colon: string
  readonly comma: string
  /** Between the brackets of one line that hold something: `{ "a": 1 }`. */
  readonly pad?: string
  /** What stands for empty objects and arrays. */
  readonly empty?: 'closed' | 'open' | 'spaced'
}

const INDENTS = ['  ', '    ', '\t', ' ', '   ', '        ']

/** Layouts of known writers of JSON, the commonest first. */
export const LAYOUTS: readonly Layout[] = [
  { name: 'no whitespace (JSON.stringify, PHP, Go, Ruby)', colon: ':', comma: ',' },
  { name: 'a space after colons and commas (Python)', colon: ': ', comma: ', ' },
  ...INDENTS.map((indent) => ({
    name: `an indent of ${indent === '\t' ? 'a tab' : indent.length}`,
    indent,
    colon: ': ',
    comma: ',',
  })),
  ...['  ', '    '].map((indent) => ({
    name: `an indent of ${indent.length} and a space before colons (Jackson)`,
    indent,
    colon: ' : ',
    comma: ',',
  })),
  ...['  ', '    '].map((indent) => ({
    name: `an indent of ${indent.length} and open empty brackets (Ruby)`,
    indent,
    colon: ': ',
    comma: ',',
    empty: 'open' as const,
  })),
  { name: 'a space after colons', colon: ': ', comma: ',' },
  { name: 'a space after commas', colon: ':', comma: ', ' },
  { name: 'spaces inside brackets', colon: ': ', comma: ', ', pad: ' ' },
  { name: 'spaces around colons', colon: ' : ', comma: ', ' },
  ...INDENTS.slice(0, 3).map((indent) => ({
    name: `an indent and a space after commas (Python 2)`,
    indent,
    colon: ': ',
    comma: ', ',
  })),
]

// 60,000 tokens, each behind an indent of 500, would take 30 MB.
const MOST = 2 * 1024 * 1024

/** The tokens in a layout; undefined if that makes too much text. */
export function laidOut(tokens: readonly Token[], layout: Layout): string | undefined {
  const { indent, colon, comma, pad = '', empty = 'closed' } = layout
  const parts: string[] = []
  let depth = 0
  let length = 0
  const line = (): string => (indent === undefined ? '' : `\n${indent.repeat(depth)}`)
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!
    if (token === '{' || token === '[') {
      const next = tokens[at + 1]
      if (next === '}' || next === ']') {
        at++
        if (empty === 'open' && indent !== undefined && token === '[')
          parts.push(`[\n\n${indent.repeat(depth)}]`)
        else if (empty === 'open' && indent !== undefined)
          parts.push('{\n', indent.repeat(depth), '}')
        else parts.push(token, next)
        continue
      }
      depth++
      parts.push(token, indent === undefined ? pad : line())
    } else if (token === '}' || token === ']') {
      depth--
      parts.push(indent === undefined ? pad : line(), token)
    } else if (token === ',') parts.push(indent === undefined ? comma : comma + line())
    else if (token === ':') parts.push(colon)
    else parts.push(token)
    length += token.length + (indent === undefined ? 2 : indent.length * depth)
    if (length > MOST) return undefined
  }
  return parts.join('')
}
