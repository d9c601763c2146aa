import type { JSX } from 'preact'
import { iso, clockTime } from '../words/time.ts'

/** Since when. */
export function Since({ at }: { at: number }): JSX.Element {
  return (
    <span class="since">
      since <time dateTime={iso(at)}>{clockTime(at)}</time>
    </span>
  )
}
