/** A part of a search: a qualifier with its value, or plain text. */
interface SearchToken {
  readonly name: string | undefined
  readonly isNot: boolean
  readonly value: string
  readonly isQuoted: boolean
}

/**
 * Splits a search into tokens such as `name:value`. A value with blanks is in double quotes. In such a value, `\"` is a
 * quote.
 */
export function searchTokens(q: string): readonly SearchToken[] {
  return [...q.matchAll(TOKEN)].map(([, not, name, qualified, plain = '']) => {
    const value = qualified ?? plain
    return {
      name,
      isNot: not === '-',
      value: unquoted(value),
      isQuoted: value.startsWith('"'),
    }
  })
}

const TOKEN =
  /(-?)([a-z]+(?:\.(?:[^\s:".\\]|\\[^])+)*):("(?:[^"\\]|\\[^])*"?|\S*)|("(?:[^"\\]|\\[^])*"?|\S+)/gi

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value
  return value.replace(/^"|(?<!\\)"$/g, '').replaceAll(/\\([^])/g, '$1')
}

/** Writes a value for a search: in double quotes if it is empty, or contains a blank or a quote. */
export function quoted(value: string): string {
  return value === '' || /[\s"]/.test(value) ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : value
}

/** Splits a search into its words. A qualifier with its value is one word. */
export function wordsOf(q: string): readonly string[] {
  return q.match(/(?:"(?:[^"\\]|\\[^])*"?|\\[^]|[^\s"])+/g) ?? []
}

/** Returns the word at the end of a search, which is being typed. Empty after a blank. */
export function lastWord(q: string): string {
  const word = wordsOf(q).at(-1)
  return word !== undefined && q.endsWith(word) ? word : ''
}

/** Splits a path in a payload into names. `a.b\.c` has the names `a` and `b.c`. */
export function pathNames(path: string): readonly string[] {
  const names = path.match(/(?:[^.\\]|\\[^])+/g) ?? []
  return names.map((name) => name.replaceAll(/\\([^])/g, '$1'))
}

/**
 * Writes a path in a payload for a search, such as `payload.a.b`. Undefined if there is no name, or if a name is empty.
 */
export function payloadPath(names: readonly string[]): string | undefined {
  if (names.length === 0 || names.includes('')) return undefined
  return ['payload', ...names.map((name) => name.replaceAll(/[\s:".\\]/g, '\\$&'))].join('.')
}
