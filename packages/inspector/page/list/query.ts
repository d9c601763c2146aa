import { lastWord, wordsOf } from '../../src/search/tokens.ts'

export function withLastWord(q: string, word: string): string {
  const last = lastWord(q)
  return q.slice(0, q.length - last.length) + word
}

/** Adds a qualifier to the search, or removes it if the search has it with this value. */
export function toggled(q: string, qualifier: string): string {
  const words = wordsOf(q)
  if (words.includes(qualifier)) return words.filter((word) => word !== qualifier).join(' ')
  const name = `${qualifier.split(':', 1)[0]}:`
  // States list tasks and outcomes list deliveries: a search can have only one of them.
  const others = EXCLUSIVE.includes(name) ? EXCLUSIVE : [name]
  return [...words.filter((word) => !others.some((one) => word.startsWith(one))), qualifier].join(
    ' ',
  )
}

const EXCLUSIVE = ['state:', 'outcome:']
