import { MESSAGES } from '../../packages/core/src/messages.ts'

/**
 * Setup file of a test run: replaces the text of each rejection message by a random word. Code that reads the error's
 * details instead of its text still works.
 */
const seed = Number(process.env['POSTERN_REPLACED_MESSAGES'])
let state = seed

for (const problem of Object.keys(MESSAGES) as (keyof typeof MESSAGES)[]) {
  // The text of `other` comes from a store or an app, not from the table.
  if (problem === 'other') continue
  const word = Array.from({ length: 9 }, letter).join('')
  MESSAGES[problem] = () => word
}

// Random number generator from Numerical Recipes, which is good enough for words that no code can know.
function letter(): string {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return String.fromCharCode(97 + ((state >>> 16) % 26))
}
