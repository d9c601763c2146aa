/** How a writer of JSON escapes strings. */
export interface Escapes {
  /** Beyond ASCII: as it is, or `\u` with hex digits in lower or upper case. */
  readonly beyond: 'raw' | 'lower' | 'upper'
  /** `\/` for a slash. */
  readonly slash: boolean
  /** Characters that are escaped though they need not be, and the case of their hex digits. */
  readonly html: '' | '<>&' | "<>&'" | '<>' | '<>&\'"'
  readonly htmlCase: 'lower' | 'upper'
  /** U+2028 and U+2029 are escaped. */
  readonly lines: boolean
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}
const UNSHORT: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** A string token written by these rules. Its characters stay what they are, lone surrogates too. */
export function rewritten(token: string, escapes: Escapes): string {
  const text = token
    .slice(1, -1)
    .replaceAll(/\\(?:u([\dA-Fa-f]{4})|(.))/gs, (_all, hex?: string, other?: string) =>
      hex === undefined
        ? (UNSHORT[other!] ?? other!)
        : String.fromCharCode(Number.parseInt(hex, 16)),
    )
  let out = '"'
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const character = text[at]!
    if (escapes.html.includes(character)) out += escaped(code, escapes.htmlCase)
    else if (SHORT[character] !== undefined) out += SHORT[character]
    else if (code < 0x20) out += escaped(code, escapes.beyond === 'upper' ? 'upper' : 'lower')
    else if (character === '/' && escapes.slash) out += '\\/'
    else if ((code === 0x2028 || code === 0x2029) && escapes.lines) out += escaped(code, 'lower')
    else if (code > 0x7e && escapes.beyond !== 'raw' && (code > 0x7f || escapes.beyond === 'upper'))
      out += escaped(code, escapes.beyond)
    else out += character
  }
  return `${out}"`
}

/** The ways to escape that could make a difference to this text, plain ones first. */
export function escapesFor(text: string): readonly Escapes[] {
  const beyond = /[^\0-\x7E]|\\u(?!00[0-7])/.test(text)
    ? (['raw', 'lower', 'upper'] as const)
    : (['raw'] as const)
  const slash = text.includes('/') ? [false, true] : [false]
  const hasHtml = /[<>&']|\\u00(?:3c|3e|26|27)/i.test(text)
  const html = hasHtml ? (['', '<>&', '<>', "<>&'", '<>&\'"'] as const) : ([''] as const)
  const lines = /[\u2028\u2029]|\\u202[89]/.test(text) ? [false, true] : [false]
  const all: Escapes[] = []
  for (const one of beyond)
    for (const cut of slash)
      for (const marks of html)
        for (const htmlCase of marks === '' ? (['lower'] as const) : (['lower', 'upper'] as const))
          for (const line of lines)
            all.push({ beyond: one, slash: cut, html: marks, htmlCase, lines: line })
  return all
}

function escaped(code: number, letters: 'lower' | 'upper'): string {
  const hex = code.toString(16).padStart(4, '0')
  return `\\u${letters === 'upper' ? hex.toUpperCase() : hex}`
}
