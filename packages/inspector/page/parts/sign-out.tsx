import type { JSX } from 'preact'
import { useStatus } from '../data/status.ts'
import { safe } from '../words/safe.ts'

/** A plain form, as the sign-in page is one: the document's own address takes both. */
export function SignOut(): JSX.Element | null {
  const { visitor } = useStatus()
  if (!visitor.canSignOut) return null
  return (
    <form method="post" action={location.pathname} class="sign-out">
      <input type="hidden" name="at" value={location.pathname} />
      <button
        class="quiet"
        name="signOut"
        value="1"
        title={visitor.as === undefined ? undefined : `You are ${safe(visitor.as)}`}
      >
        Sign out
      </button>
    </form>
  )
}
