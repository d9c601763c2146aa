import type { JSX } from 'preact'
import type { Look } from '../words/state.ts'

/** A state with its sign, word and tone. `children` replace the word, which screen readers still read. */
export function Mark({
  look,
  children,
}: {
  look: Look
  children?: preact.ComponentChildren
}): JSX.Element {
  return (
    <span class={`mark ${look.tone}`}>
      <span class="sign" aria-hidden="true">
        {look.sign}
      </span>
      {children === undefined ? (
        look.word
      ) : (
        <>
          {children}
          <span class="unseen">, {look.word}</span>
        </>
      )}
    </span>
  )
}
