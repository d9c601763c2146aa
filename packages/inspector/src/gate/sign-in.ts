import type { InspectorReply } from '../request.ts'
import { gateDocument } from './document.ts'

// The key of a URL's fragment, which no server and no log of a proxy sees, is traded for a cookie and removed. The form
// tells the path of the page, which a process behind a proxy does not know.
const SCRIPT = `const form=document.forms[0];form.at.value=location.pathname
const key=/^#key=(.+)$/.exec(location.hash)?.[1]
if(key){history.replaceState(null,'',location.pathname+location.search);form.token.value=decodeURIComponent(key);form.submit()}`

/** The page that asks for the token. It tells nothing about the app. */
export function signInPage(status: number, message = ''): InspectorReply {
  const alert = message === '' ? '' : `<p role="alert" id="wrong">${message}</p>`
  return gateDocument(
    status,
    'Sign in',
    `<form method="post"><h1>Sign in</h1><label for="token">Token</label><input id="token" name="token" type="password" required autofocus autocomplete="current-password"${message === '' ? '' : ' aria-invalid="true" aria-describedby="wrong"'}>${alert}<input type="hidden" name="at"><button>Sign in</button></form>`,
    SCRIPT,
  )
}
