const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * True if arrays and objects of a JSON text nest deeper than the limit. It reads strings and escapes;
 * a text that is not JSON gets some answer here, and an error from the parser.
 */
export function isDeeper(json: string, limit: number): boolean {
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === QUOTE) i = endOfString(json, i)
    // Brackets and braces differ by this bit.
    else if ((code | 0x20) === 0x7b) {
      if (++depth > limit) return true
    } else if ((code | 0x20) === 0x7d) depth--
  }
  return false
}

/** Place of the quote that ends the string which begins at `start`, or the end of the text. */
export function endOfString(json: string, start: number): number {
  for (let quote = start; ;) {
    quote = json.indexOf('"', quote + 1)
    if (quote === -1) return json.length
    let first = quote
    while (json.charCodeAt(first - 1) === BACKSLASH) first--
    if ((quote - first) % 2 === 0) return quote
  }
}
