import { MESSAGES } from '../../packages/core/src/messages.ts'

/** Replaces each message of a rejection by a random word, before a test file runs: who reads facts notices nothing. */
const seed = Number(process.env['POSTERN_REPLACED_MESSAGES'])
let state = seed

for (const problem of Object.keys(MESSAGES) as (keyof typeof MESSAGES)[]) {
  // Its text is that of a store or of an app, not of the table.
  if (problem === 'other') continue
  const word = Array.from({ length: 9 }, letter).join('')
  MESSAGES[problem] = () => word
}

// Numerical Recipes' generator: enough to make words that no code can know.
function letter(): string {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return String.fromCharCode(97 + ((state >>> 16) % 26))
}
