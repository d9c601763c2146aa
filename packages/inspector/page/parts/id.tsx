import type { JSX } from 'preact'
import { copyText } from '../data/copy.ts'
import { safe, shortId } from '../words/safe.ts'

/** An id that is copied with a click. */
export function Id({ id, what = 'id' }: { id: string; what?: string }): JSX.Element {
  return (
    <button
      type="button"
      class="id"
      title={`${safe(id.slice(0, 400))} · copy`}
      aria-label={`Copy the ${what} ${safe(shortId(id))}`}
      onClick={() => void copyText(id, what)}
    >
      {safe(shortId(id))}
    </button>
  )
}
