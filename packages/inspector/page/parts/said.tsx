import type { JSX } from 'preact'
import { said } from '../data/announce.ts'
import { useStore } from '../data/store.ts'

/** The polite voice of the page. */
export function Said(): JSX.Element {
  const { text, isShown } = useStore(said)
  return (
    <div class={isShown ? 'note' : 'unseen'} role="status" aria-live="polite">
      {text}
    </div>
  )
}
