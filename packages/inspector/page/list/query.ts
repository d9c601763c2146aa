import { lastWord, wordsOf } from '../../src/search/tokens.ts'

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
