/** A token of a search. */
interface SearchToken {
  /** Undefined for plain text. */
  readonly name: string | undefined
  readonly isNot: boolean
  readonly value: string
  /** True if the value is in double quotes. */
  readonly isQuoted: boolean
}

/** The tokens of a search: `name:value`, with double quotes around a value that has blanks (`\"` is a quote in it). */
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

/** A value as a search has it: in double quotes if it needs them. */
export function quoted(value: string): string {
  return value === '' || /[\s"]/.test(value) ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : value
}

/** The words of a search: qualifiers and text. */
export function wordsOf(q: string): readonly string[] {
  return q.match(/(?:"(?:[^"\\]|\\[^])*"?|\\[^]|[^\s"])+/g) ?? []
}

/** The word that is being typed: empty after a blank. */
export function lastWord(q: string): string {
  const word = wordsOf(q).at(-1)
  return word !== undefined && q.endsWith(word) ? word : ''
}

/** The names of a path in a payload, from `a.b\.c`: a backslash makes the character after it a part of the name. */
export function pathNames(path: string): readonly string[] {
  const names = path.match(/(?:[^.\\]|\\[^])+/g) ?? []
  return names.map((name) => name.replaceAll(/\\([^])/g, '$1'))
}

/** The path in a payload as a search has it: `payload.a.b`. Undefined without a name, or with one that a search cannot have. */
export function payloadPath(names: readonly string[]): string | undefined {
  if (names.length === 0 || names.includes('')) return undefined
  return ['payload', ...names.map((name) => name.replaceAll(/[\s:".\\]/g, '\\$&'))].join('.')
}
