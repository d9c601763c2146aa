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

const HASH = createHash('sha256').update(STYLE).digest('base64')

/** The page that asks for the token: a form without script. It tells nothing about the app. */
export function signInPage(status: number, message = ''): InspectorReply {
  const alert = message === '' ? '' : `<p role="alert" id="wrong">${message}</p>`
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy(`'sha256-${HASH}'`),
    },
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in</title><style>${STYLE}</style></head><body><main><form method="post"><h1>Sign in</h1><label for="token">Token</label><input id="token" name="token" type="password" required autofocus autocomplete="current-password"${message === '' ? '' : ' aria-invalid="true" aria-describedby="wrong"'}>${alert}<button>Sign in</button></form></main></body></html>`,
  }
}
