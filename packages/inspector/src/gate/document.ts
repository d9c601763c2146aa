import { createHash } from 'node:crypto'
import { policy } from '../policy.ts'
import type { InspectorReply } from '../request.ts'

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{display:grid;place-content:center;min-height:90vh;margin:0;padding:1rem}
main,form{display:grid;gap:.75rem;width:min(22rem,90vw)}
input,button{font:inherit;padding:.5rem .75rem;border:1px solid color-mix(in srgb,CanvasText 45%,Canvas);border-radius:6px;background:Canvas;color:CanvasText}
button{background:#2456c7;border-color:#2456c7;color:#fff;cursor:pointer}
:focus-visible{outline:3px solid #6d9bf5;outline-offset:2px}
h1{font-size:1.25rem;margin:0}p{margin:0}`

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const STYLES = hashOf(STYLE)

/** A document of the gate. It tells nothing about the app. `title` and `main` are HTML. */
export function gateDocument(
  status: number,
  title: string,
  main: string,
  script?: string,
): InspectorReply {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy({
        styles: STYLES,
        ...(script !== undefined && { scripts: hashOf(script) }),
      }),
    },
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head><body><main>${main}</main>${script === undefined ? '' : `<script>${script}</script>`}</body></html>`,
  }
}
