// Writes packages/inspector/src/assets.ts: the page as strings, so that a bundled app needs no file next to it.
//
//   node packages/inspector/page/build.ts
//   node packages/inspector/page/build.ts --check   fails if assets.ts is out of date
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Rolldown } from 'vite'

const folder = import.meta.dirname

const ASSETS = join(folder, '..', 'src', 'assets.ts')

// The stylesheet is linked after the loading text, so that the browser paints the text first.
const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Postern</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M3 15V7a5 5 0 0 1 10 0v8' fill='none' stroke='%236480e8' stroke-width='3'/%3E%3C/svg%3E">
<script type="module" src="{{base}}page.js"></script>
</head>
<body>
<div id="page"><p class="empty">Loading…</p></div>
<link rel="stylesheet" href="{{base}}page.css">
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`

async function buildPage(): Promise<string> {
  const output = (await build({
    root: folder,
    configFile: false,
    logLevel: 'warn',
    // Compiles JSX to calls of `h` instead of the JSX runtime, which saves 550 bytes, gzipped.
    oxc: {
      jsx: { runtime: 'classic', pragma: 'h', pragmaFrag: 'Fragment' },
      jsxInject: "import { h, Fragment } from 'preact'",
    },
    // `jsxInject` also adds the import to modules of packages that do not depend on preact.
    resolve: { dedupe: ['preact'] },
    build: {
      write: false,
      target: 'es2023',
      modulePreload: false,
      cssCodeSplit: false,
      rolldownOptions: {
        input: join(folder, 'main.tsx'),
        output: { entryFileNames: 'page.js', chunkFileNames: '[name].js' },
      },
    },
  })) as Rolldown.RolldownOutput
  const chunks = output.output.filter((file) => file.type === 'chunk')
  const script = chunks.find(({ isEntry }) => isEntry)!.code
  const more = Object.fromEntries(
    chunks.filter(({ isEntry }) => !isEntry).map(({ fileName, code }) => [fileName, code]),
  )
  const style = output.output.find((file) => file.fileName.endsWith('.css')) as Rolldown.OutputAsset
  return `// Written by packages/inspector/page/build.ts from packages/inspector/page: change it there.

/**
 * The page. \`{{base}}\` in the document is replaced by \`./~/\` or \`./<last segment>/~/\`, the folder of script and
 * style.
 */
export const assets: {
  readonly html: string
  readonly script: string
  /** Further scripts by file name, which the first screen does not need. */
  readonly more: Readonly<Record<string, string>>
  readonly style: string
} = {
  html: ${JSON.stringify(HTML)},
  script: ${JSON.stringify(script)},
  more: ${JSON.stringify(more)},
  style: ${JSON.stringify(String(style.source))},
}
`
}

// Vite reads NODE_ENV, and would build another script for another value.
process.env['NODE_ENV'] = 'production'
const built = await buildPage()
if (!process.argv.includes('--check')) writeFileSync(ASSETS, built)
else if (readFileSync(ASSETS, 'utf8') !== built) {
  console.error('src/assets.ts is stale: run node packages/inspector/page/build.ts')
  process.exitCode = 1
}
