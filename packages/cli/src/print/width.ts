import truncatedWidth from 'fast-string-truncated-width'

const ESC = String.fromCharCode(27)

/** Columns that a text takes in a terminal: wide characters take two, styles none. */
export function widthOf(text: string): number {
  return truncatedWidth(text).width
}

/** A text on one line of at most this width, with `…` at its end if it is longer. */
export function clipped(text: string, columns: number): string {
  const { index, truncated } = truncatedWidth(text, { limit: columns, ellipsis: '…' })
  if (!truncated) return text
  // The end of a style may be cut off.
  const reset = text.includes(ESC) ? `${ESC}[0m` : ''
  return `${text.slice(0, index)}…${reset}`
}

/** A text without styles, broken into lines of at most this width. */
export function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = []
  let rest = text
  for (;;) {
    const { index, truncated } = truncatedWidth(rest, { limit: columns })
    // A wide character may not fit on a line of one column.
    const end = Math.max(index, 1)
    if (!truncated || end >= rest.length) return [...lines, rest]
    lines.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
}
