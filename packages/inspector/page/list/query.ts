/** The words of a search: qualifiers and text. Values with blanks stand in double quotes. */
export function wordsOf(q: string): readonly string[] {
  return q.match(/(?:"(?:[^"\\]|\\.)*"?|[^\s"])+/g) ?? []
}

/** The word that is being typed: empty after a blank. */
export function lastWord(q: string): string {
  const word = wordsOf(q).at(-1)
  return word !== undefined && q.endsWith(word) ? word : ''
}

/** The search with another last word. */
export function withLastWord(q: string, word: string): string {
  const last = lastWord(q)
  return q.slice(0, q.length - last.length) + word
}

/** The search with a qualifier set, or without it if it has just this value. */
export function toggled(q: string, qualifier: string): string {
  const words = wordsOf(q)
  if (words.includes(qualifier)) return words.filter((word) => word !== qualifier).join(' ')
  const name = `${qualifier.split(':', 1)[0]}:`
  // The states of tasks and the outcomes of deliveries are two lists: one of both at a time.
  const others = EXCLUSIVE.includes(name) ? EXCLUSIVE : [name]
  return [...words.filter((word) => !others.some((one) => word.startsWith(one))), qualifier].join(
    ' ',
  )
}

const EXCLUSIVE = ['state:', 'outcome:']
