export interface Escapes {
  readonly name: string
  /**
   * How characters beyond ASCII are written: unescaped, or as `\u` with hex digits in lower or upper case. @default
   * 'raw'
   */
  readonly beyond?: 'raw' | 'lower' | 'upper'
  /** True if U+007F is escaped. @default false */
  readonly del?: boolean
  /** True if slashes are escaped as `\/`; `after <` if only slashes after a `<` are escaped. @default false */
  readonly slash?: boolean | 'after <'
  /** Further characters that are escaped with `\u`. @default '' */
  readonly marks?: string
  /** Case of the hex digits of `marks`. @default 'lower' */
  readonly marksCase?: 'lower' | 'upper'
  /** True if U+2028 and U+2029 are escaped. @default false */
  readonly lines?: boolean
  /** True if `\u0008` and `\u000c` are written instead of `\b` and `\f`. @default false */
  readonly long?: boolean
}

export const WRITERS_OF_STRINGS: readonly Escapes[] = [
  { name: 'JSON.stringify' },
  { name: 'Python (\\u beyond ASCII)', beyond: 'lower', del: true },
  { name: 'PHP', beyond: 'lower', slash: true },
  { name: 'Go', marks: '<>&', lines: true },
  { name: 'PHP (JSON_UNESCAPED_SLASHES)', beyond: 'lower' },
  { name: 'PHP (JSON_UNESCAPED_UNICODE)', slash: true, lines: true },
  { name: 'PHP (slashes and Unicode unescaped)', lines: true },
  { name: 'Swift', slash: true },
  { name: 'Gson', marks: "<>&='", lines: true },
  { name: '.NET', beyond: 'upper', del: true, marks: '<>&\'"+`', marksCase: 'upper' },
  { name: 'Jackson (\\u beyond ASCII)', beyond: 'upper' },
  { name: 'Go before 1.22', marks: '<>&', lines: true, long: true },
  { name: 'Json.NET', marks: '\u0085', lines: true },
  { name: 'org.json', slash: 'after <', lines: true },
  ...['<>&\'"', '<>', "<>&'", '<>&'].map((marks) => ({
    name: 'PHP (JSON_HEX)',
    beyond: 'lower' as const,
    slash: true,
    marks,
    marksCase: 'upper' as const,
  })),
]

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

/** Rewrites a JSON string token with other escapes, for the same characters. */
export function rewritten(token: string, escapes: Escapes): string {
  const text = plain(token)
  const { beyond = 'raw', del, slash, marks = '', marksCase = 'lower', lines, long } = escapes
  const upper = beyond === 'upper' ? 'upper' : 'lower'
  let out = '"'
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const character = text[at]!
    if (marks.includes(character)) out += escaped(code, marksCase)
    else if (long && (code === 8 || code === 12)) out += escaped(code, upper)
    else if (SHORT[character] !== undefined) out += SHORT[character]
    else if (code < 0x20) out += escaped(code, upper)
    else if (character === '/' && (slash === true || (slash && text[at - 1] === '<'))) out += '\\/'
    else if ((code === 0x2028 || code === 0x2029) && lines) out += escaped(code, upper)
    else if (code === 0x7f ? del : code > 0x7f && beyond !== 'raw') out += escaped(code, upper)
    else out += character
  }
  return `${out}"`
}

/** Returns the ways of escaping that may change this text, the ways of known libraries first. */
export function escapesFor(text: string): readonly Escapes[] {
  return [...WRITERS_OF_STRINGS, ...combinations(text)]
}

function* combinations(text: string): Generator<Escapes> {
  const beyond = /[^\0-\x7E]|\\u(?!00[0-7])/.test(text)
    ? (['raw', 'lower', 'upper'] as const)
    : (['raw'] as const)
  const slash = text.includes('/') ? [false, true] : [false]
  const hasMarks = /[<>&'=]|\\u00(?:3[cde]|2[67])/i.test(text)
  const marks = hasMarks ? ['', '<>&', '<>', "<>&'", '<>&\'"', '<>&='] : ['']
  const lines = /[\u2028\u2029]|\\u202[89]/.test(text) ? [false, true] : [false]
  const cases = hasMarks ? (['lower', 'upper'] as const) : (['lower'] as const)
  for (const one of beyond)
    for (const cut of slash)
      for (const some of marks)
        for (const marksCase of cases)
          for (const line of lines)
            yield {
              name: some === '' ? 'another writer' : 'a writer that escapes HTML',
              beyond: one,
              slash: cut,
              marks: some,
              marksCase,
              lines: line,
            }
}

function plain(token: string): string {
  const text = token.slice(1, -1)
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\(?:u([\dA-Fa-f]{4})|(.))/gs, (_all, hex?: string, other?: string) =>
    hex === undefined ? (UNSHORT[other!] ?? other!) : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

function escaped(code: number, letters: 'lower' | 'upper'): string {
  const hex = code.toString(16).padStart(4, '0')
  return `\\u${letters === 'upper' ? hex.toUpperCase() : hex}`
}
