import { createHash } from 'node:crypto'
import type { InspectorReply } from '../request.ts'
import { policy } from '../policy.ts'

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{display:grid;place-content:center;min-height:90vh;margin:0;padding:1rem}
form{display:grid;gap:.75rem;width:min(22rem,90vw)}
input,button{font:inherit;padding:.5rem .75rem;border:1px solid color-mix(in srgb,CanvasText 45%,Canvas);border-radius:6px;background:Canvas;color:CanvasText}
button{background:#2456c7;border-color:#2456c7;color:#fff;cursor:pointer}
:focus-visible{outline:3px solid #6d9bf5;outline-offset:2px}
h1{font-size:1.25rem;margin:0}p{margin:0}`

// The key of a URL's fragment, which no server and no log of a proxy sees, is traded for a cookie and removed. The form
// tells the path of the page, which a process behind a proxy does not know.
const SCRIPT = `const form=document.forms[0];form.at.value=location.pathname
const key=/^#key=(.+)$/.exec(location.hash)?.[1]
if(key){history.replaceState(null,'',location.pathname+location.search);form.token.value=decodeURIComponent(key);form.submit()}`

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const POLICY = policy({ styles: hashOf(STYLE), scripts: hashOf(SCRIPT) })

/** The page that asks for the token. It tells nothing about the app. */
export function signInPage(status: number, message = ''): InspectorReply {
  const alert = message === '' ? '' : `<p role="alert" id="wrong">${message}</p>`
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
    },
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in</title><style>${STYLE}</style></head><body><main><form method="post"><h1>Sign in</h1><label for="token">Token</label><input id="token" name="token" type="password" required autofocus autocomplete="current-password"${message === '' ? '' : ' aria-invalid="true" aria-describedby="wrong"'}>${alert}<input type="hidden" name="at"><button>Sign in</button></form></main><script>${SCRIPT}</script></body></html>`,
  }
}
