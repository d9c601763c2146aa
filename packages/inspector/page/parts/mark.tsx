import type { JSX } from 'preact'
import type { Look } from '../words/state.ts'

/** A sign that people see. Screen readers skip it. */
export function Sign({ tone, children }: { tone?: string; children: string }): JSX.Element {
  return (
    <span class={tone === undefined ? 'sign' : `sign ${tone}`} aria-hidden="true">
      {children}
    </span>
  )
}

/** A state with its sign, word and tone. `children` replace the word on the screen, but not for screen readers. */
export function Mark({
  look,
  children,
}: {
  look: Look
  children?: preact.ComponentChildren
}): JSX.Element {
  return (
    <span class={`mark ${look.tone}`}>
      <Sign>{look.sign}</Sign>
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
