import type { JSX } from 'preact'

/** The session has ended: the app asks for it again when the document is fetched. */
export function SignedOut(): JSX.Element {
  return (
    <main class="whole">
      <h1>You are signed out.</h1>
      <p>
        <button type="button" class="main" onClick={() => location.reload()}>
          Sign in
        </button>
      </p>
    </main>
  )
}
