import type { JSX } from 'preact'
import { iso, clockTime } from '../words/time.ts'

/** Since when. */
export function Since({ at, word = 'since' }: { at: number; word?: string }): JSX.Element {
  return (
    <span class="since">
      {word} <time dateTime={iso(at)}>{clockTime(at)}</time>
    </span>
  )
}
