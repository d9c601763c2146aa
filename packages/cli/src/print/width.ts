import plainWidth from 'string-width'
import { rendered, stretches } from './terminal.ts'

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Columns of the terminal that stdout is; `Infinity` without one. */
export function columnsOf(): number {
  // Some terminals say 0 until they are asked for their size.
  return (process.stdout.isTTY && process.stdout.columns) || Infinity
}

/** Columns that a text takes in a terminal as it is printed: wide characters take two, combining marks and styles none. */
export function widthOf(text: string): number {
  return stretches(text).reduce((sum, { plain }) => sum + plainWidth(plain), 0)
}

/** A line of at most this width, with `…` at its end if it was longer. Styles end where they ended. */
export function clipped(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  const more = rendered('…')
  let left = columns - more.length
  if (left < 0) return more.slice(0, Math.max(0, columns))
  let line = ''
  let isCut = false
  for (const { style, plain } of stretches(text)) {
    line += style
    if (isCut) continue
    const head = headOf(plain, left)
    line += head
    left -= plainWidth(head)
    isCut = head.length < plain.length
    if (isCut) line += more
  }
  return line
}

/** A text of at most this width, with `…` in its middle if it was longer: names differ at both ends. */
export function squeezed(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let left = columns - rendered('…').length - Math.ceil(columns / 2)
  let end = ''
  let isFull = false
  for (const { style, plain } of stretches(text).toReversed()) {
    const all = [...graphemes.segment(plain)].map(({ segment }) => segment)
    while (!isFull && all.length > 0) {
      const wide = plainWidth(all.at(-1)!)
      isFull = wide > left
      if (isFull) break
      left -= wide
      end = all.pop()! + end
    }
    // Also of what is cut: such styles hold where the end starts.
    end = style + end
  }
  return `${clipped(text, columns - widthOf(end))}${end}`
}

/**
 * A text on lines of at most this width, broken between words, and within a word that has no room. All but the first start
 * with `indent` blanks, or as many as half of the width.
 */
export function wrapped(text: string, columns: number, indent = 0): readonly string[] {
  if (widthOf(text) <= columns) return [text]
  const start = ' '.repeat(Math.min(indent, Math.floor(columns / 2)))
  const lines: string[] = []
  let line = ''
  let width = 0
  for (const { style, plain } of stretches(text)) {
    line += style
    for (const [, blank = '', word = ''] of plain.matchAll(/(\s*)(\S*)/g)) {
      const wide = plainWidth(blank) + plainWidth(word)
      const isFirst = width === 0 || (lines.length > 0 && width === start.length)
      if (width + wide <= columns) add(blank + word, wide)
      else if (isFirst || plainWidth(word) > columns - start.length) broken(blank + word)
      else {
        next()
        add(word, plainWidth(word))
      }
    }
  }
  return [...lines, line]

  function add(part: string, wide: number): void {
    line += part
    width += wide
  }

  function next(): void {
    lines.push(line.trimEnd())
    line = start
    width = start.length
  }

  function broken(long: string): void {
    for (let rest = long; rest !== '';) {
      // A wide character has no room on a line of one column: it is there all the same.
      const head = headOf(rest, columns - width) || (width > start.length ? '' : firstOf(rest))
      add(head, plainWidth(head))
      rest = rest.slice(head.length)
      if (rest !== '') next()
    }
  }
}

function firstOf(text: string): string {
  const [first] = graphemes.segment(text)
  return first?.segment ?? ''
}

/** As much of a plain text as this width has room for. */
function headOf(text: string, columns: number): string {
  if (plainWidth(text) <= columns) return text
  let head = ''
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    width += plainWidth(segment)
    if (width > columns) return head
    head += segment
  }
  return head
}
