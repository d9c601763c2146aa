/** A token of a search. */
export interface SearchToken {
  /** Undefined for plain text. */
  readonly name: string | undefined
  readonly isNot: boolean
  readonly value: string
}

/** The tokens of a search: `name:value`, with double quotes around a value that has blanks (`\"` is a quote in it). */
export function searchTokens(q: string): readonly SearchToken[] {
  return [...q.matchAll(TOKEN)].map(([, not, name, qualified, plain = '']) => ({
    name,
    isNot: not === '-',
    value: unquoted(qualified ?? plain),
  }))
}

const TOKEN =
  /(-?)([a-z]+(?:\.(?:[^\s:".\\]|\\.)+)*):("(?:[^"\\]|\\.)*"?|\S*)|("(?:[^"\\]|\\.)*"?|\S+)/gi

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value
  return value.replace(/^"|(?<!\\)"$/g, '').replaceAll(/\\(.)/g, '$1')
}
