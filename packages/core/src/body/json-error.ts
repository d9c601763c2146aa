const SPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null/y
// oxlint-disable-next-line no-control-regex -- JSON allows none in a string
const PLAIN = /[^"\\\u0000-\u001f]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/**
 * What is wrong with a JSON text that the parser refused, by its place alone: `unexpected character at line 1, column 7`
 * or `it ends too early`. The engines' own messages quote the text or give no position.
 */
export function locate(json: string): string {
  const at = firstError(json)
  if (at >= json.length) return json.length === 0 ? 'it is empty' : 'it ends too early'
  const lines = json.slice(0, at).split('\n')
  return `unexpected character at line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`
}

/** A JSON recogniser without recursion; gives the index of the first character that cannot be there. */
function firstError(json: string): number {
  const closers: string[] = []
  let at = skip(SPACE, json, 0)
  for (;;) {
    // A value is due here.
    const opener = json[at]
    if (opener === '{' || opener === '[') {
      const closer = opener === '{' ? '}' : ']'
      at = skip(SPACE, json, at + 1)
      if (json[at] !== closer) {
        closers.push(closer)
        if (closer === '}') {
          const next = endOfKey(json, at)
          if (next.failed) return next.at
          at = next.at
        }
        continue
      }
      at++
    } else {
      const next = endOfScalar(json, at)
      if (next.failed) return next.at
      at = next.at
    }
    // A value has ended: what follows is a comma, one or more closers, or the end.
    for (;;) {
      at = skip(SPACE, json, at)
      const closer = closers.at(-1)
      if (closer === undefined) return at
      if (json[at] === ',') {
        at = skip(SPACE, json, at + 1)
        if (closer === '}') {
          const next = endOfKey(json, at)
          if (next.failed) return next.at
          at = next.at
        }
        break
      }
      if (json[at] !== closer) return at
      closers.pop()
      at++
    }
  }
}

interface Step {
  readonly at: number
  readonly failed: boolean
}

function endOfKey(json: string, at: number): Step {
  const key = endOfString(json, at)
  if (key.failed) return key
  const colon = skip(SPACE, json, key.at)
  if (json[colon] !== ':') return { at: colon, failed: true }
  return { at: skip(SPACE, json, colon + 1), failed: false }
}

function endOfScalar(json: string, at: number): Step {
  if (json[at] === '"') return endOfString(json, at)
  const end = Math.max(skip(NUMBER, json, at), skip(WORD, json, at))
  return { at: end, failed: end === at }
}

function endOfString(json: string, start: number): Step {
  if (json[start] !== '"') return { at: start, failed: true }
  let at = start + 1
  for (;;) {
    at = skip(PLAIN, json, at)
    if (json[at] === '"') return { at: at + 1, failed: false }
    const next = skip(ESCAPE, json, at)
    if (next === at) return { at, failed: true }
    at = next
  }
}

/** The index after what the sticky pattern matches, or the same index where it matches nothing. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}
