const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * True where arrays and objects of a JSON text lie deeper in one another than the limit. Knows strings and escapes;
 * what is not JSON gets some answer, and an error from the parser.
 */
export function isDeeper(json: string, limit: number): boolean {
  // Each level needs two brackets; and most bodies have fewer openers than the limit has levels, which indexOf finds
  // out at many bytes a cycle.
  if (json.length < 2 * limit || hasFewOpeners(json, limit)) return false
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === QUOTE) {
      i = endOfString(json, i)
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true
    } else if (code === 0x7d || code === 0x5d) {
      depth--
    }
  }
  return false
}

function hasFewOpeners(json: string, limit: number): boolean {
  let left = limit
  for (let i = json.indexOf('{'); i !== -1; i = json.indexOf('{', i + 1))
    if (--left < 0) return false
  for (let i = json.indexOf('['); i !== -1; i = json.indexOf('[', i + 1))
    if (--left < 0) return false
  return true
}

// Keys and most values are short, and a call costs more than looking at so many characters.
const SHORT = 16

function endOfString(json: string, start: number): number {
  let at = start + 1
  for (const far = at + SHORT; at < far; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  for (;;) {
    const quote = json.indexOf('"', at)
    if (quote === -1) return json.length
    let first = quote
    while (first > at && json.charCodeAt(first - 1) === BACKSLASH) first--
    if ((quote - first) % 2 === 0) return quote
    at = quote + 1
  }
}
