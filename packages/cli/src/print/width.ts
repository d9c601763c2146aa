import type tty from 'node:tty'
import plainWidth from 'string-width'
import { rendered, stretches } from './terminal.ts'

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Returns the number of columns of a terminal. Returns `Infinity` if the stream is not a terminal. */
export function columnsOf({ isTTY, columns }: tty.WriteStream = process.stdout): number {
  // Some terminals report 0 columns at first.
  return (isTTY && columns) || Infinity
}

/** Returns the number of columns that a text occupies. Wide characters occupy two, combining marks and styles none. */
export function widthOf(text: string): number {
  return stretches(text).reduce((sum, { plain }) => sum + plainWidth(plain), 0)
}

/**
 * Shortens a line to a width, with `…` at its end. Keeps all styles of the line, so that no style continues after the
 * line.
 */
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

/** Shortens a text to a width, with `…` in its middle, since names differ at both ends. */
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
    // Keeps the styles of removed characters, because a style may continue in the text after the gap.
    end = style + end
  }
  return `${clipped(text, columns - widthOf(end))}${end}`
}

/** Shortens a text to a width, with `…` after its last whole word. A single word that is too wide is cut. */
export function shortened(text: string, columns: number): string {
  const more = rendered('…')
  if (widthOf(text) <= columns || columns <= more.length) return clipped(text, columns)
  const [head = '', ...rest] = wrapped(text, columns - more.length, 0)
  const styles = rest.flatMap((line) => stretches(line).map(({ style }) => style))
  return `${head}${more}${styles.join('')}`
}

/**
 * Breaks a line at blanks into lines of a width. Only a word that is wider than a line is cut. All lines but the first
 * are indented, by `indent` columns or less if the width is small.
 */
export function wrapped(
  text: string,
  columns: number,
  indent: number = hangOf(text),
): readonly string[] {
  if (widthOf(text) <= columns) return [text]
  const start = ' '.repeat(Math.min(indent, Math.floor(columns / 2)))
  const lines: string[] = []
  let line = ''
  let width = 0
  let isEmpty = true
  for (const { blank, word } of wordsOf(text)) {
    const wide = word.reduce((sum, { plain }) => sum + plainWidth(plain), 0)
    const room = columns - width - plainWidth(blank)
    const isBare = word.every(({ plain }) => plain === '')
    if (!isEmpty && !isBare && room < wide && (wide <= columns || room < 1))
      next(wide <= columns ? columns - wide : columns)
    if (!isEmpty && !isBare) add(blank)
    // The indentation of the first line shrinks if its first word needs the room.
    if (lines.length === 0 && width === 0) add(headOf(blank, Math.max(0, columns - wide)))
    for (const { style, plain } of word) {
      line += style
      if (plain !== '') addWord(plain)
    }
  }
  return [...lines, line]

  function add(part: string): void {
    line += part
    width += plainWidth(part)
  }

  function next(most = columns): void {
    lines.push(line.trimEnd())
    line = start.slice(0, most)
    width = line.length
    isEmpty = true
  }

  function addWord(plain: string): void {
    for (let rest = plain; rest !== '';) {
      // A line of one column has no room for a wide character, but the character is printed all the same.
      const head = headOf(rest, columns - width) || (isEmpty ? firstOf(rest) : '')
      if (head !== '') isEmpty = false
      add(head)
      rest = rest.slice(head.length)
      if (rest !== '') next()
    }
  }
}

/**
 * Returns the indentation of continuation lines, in columns. If the line has a label, continuation lines start in the
 * column after the label. Otherwise they are indented by two columns more than the line.
 */
function hangOf(text: string): number {
  const plain = stretches(text)
    .map((one) => one.plain)
    .join('')
  const [label = ''] = /^ *\S+(?: \S+)* {2,}(?=\S)/.exec(plain) ?? []
  const wide = plainWidth(label)
  return wide > 0 && wide <= LABEL ? wide : plain.search(/\S|$/) + 2
}

// Maximum width of a label, in columns. After a wider label, continuation lines get the usual indentation.
const LABEL = 20

type Stretch = ReturnType<typeof stretches>[number]

/** Splits a text into words, each with the blanks before it. A word may have several styles. */
function wordsOf(text: string): readonly { readonly blank: string; readonly word: Stretch[] }[] {
  const words: { blank: string; word: Stretch[] }[] = [{ blank: '', word: [] }]
  for (const { style, plain } of stretches(text)) {
    words.at(-1)!.word.push({ style, plain: '' })
    for (const [, blank = '', word = ''] of plain.matchAll(/(\s*)(\S*)/g)) {
      if (blank !== '') words.push({ blank, word: [] })
      if (word !== '') words.at(-1)!.word.push({ style: '', plain: word })
    }
  }
  return words
}

function firstOf(text: string): string {
  const [first] = graphemes.segment(text)
  return first?.segment ?? ''
}

/** Returns the start of a plain text that fits into a width. */
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
