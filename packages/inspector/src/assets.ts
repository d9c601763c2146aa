// Generated: the build of the page (packages/inspector/page) writes this file.

/** The page. `{{base}}` in the document is replaced by `./~/` or `./<last segment>/~/`, where script and style lie. */
export const assets: { readonly html: string; readonly script: string; readonly style: string } = {
  html: '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Postern</title><link rel="stylesheet" href="{{base}}page.css"></head><body><main id="page"></main><script type="module" src="{{base}}page.js"></script></body></html>',
  script:
    "const reply = await fetch(new URL('./api/status', import.meta.url))\ndocument.querySelector('#page').textContent = await reply.text()\n",
  style: 'body { font-family: system-ui }\n',
}
