// Builds the live demo into public/demo: the inspector's own page, and the app that answers it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { assets } from '../../inspector/src/assets.ts'
import { policy } from '../../inspector/src/policy.ts'
import { forBrowser, nodeModules } from '../explain/browser.ts'

const here = import.meta.dirname
const packages = join(here, '..', '..')

// The catalogue of the demo: without the senders that it does not have.
const CATALOGUE = ['github', 'shopify', 'slack', 'stripe']

/** Writes the page and its scripts, all of them below `folder`. */
export async function bundleDemo(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  const page = join(folder, '~')
  mkdirSync(page, { recursive: true })
  writeFileSync(join(folder, 'index.html'), document())
  writeFileSync(join(folder, 'demo.css'), STYLE)
  const files = { ...assets.more, 'page.js': assets.script, 'page.css': assets.style }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(page, name), text)
  const build = await rolldown({
    input: { app: join(here, 'app.ts') },
    cwd: packages,
    ...forBrowser,
    // What asks for files and processes is not reached; what others load later is all of it here.
    shimMissingExports: true,
    onLog: (level, log) => {
      if (!/SHIMMED_EXPORT|INEFFECTIVE_DYNAMIC_IMPORT/.test(log.code ?? ''))
        forBrowser.onLog(level, log)
    },
    plugins: [
      {
        name: 'demo',
        resolveId: (source) =>
          source === '@postern/providers/catalogue'
            ? '\0catalogue'
            : source === './assets.ts'
              ? '\0assets'
              : undefined,
        load(id) {
          // The page is beside it, as files.
          if (id === '\0assets') return 'export const assets = {}'
          if (id !== '\0catalogue') return undefined
          const file = (name: string): string =>
            JSON.stringify(join(packages, 'providers', 'src', `${name}.ts`))
          return `${CATALOGUE.map((name) => `import { ${name} } from ${file(name)}\n`).join('')}
export const catalogue = new Map([${CATALOGUE.join(', ')}].map(({ about }) => [about.name, about]))`
        },
      },
      nodeModules,
    ],
  })
  await build.write({
    dir: folder,
    minify: true,
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  })
  await build.close()
}

/** The inspector's document with a line above it. Its policy is the inspector's own. */
function document(): string {
  // A document may not say by itself who frames it.
  const own = policy().replace(/frame-ancestors [^;]*; /, '')
  return assets.html
    .replaceAll('{{base}}', () => './~/')
    .replace('<title>Postern</title>', () => '<title>Live demo · Postern</title>')
    .replace(
      '<script type="module"',
      (found) =>
        `<meta http-equiv="Content-Security-Policy" content="${own}">
<link rel="stylesheet" href="./demo.css">
<script type="module" src="./app.js"></script>
${found}`,
    )
    .replace(
      '<div id="page">',
      (found) =>
        `<p class="demo"><a href="/">Postern</a> Live demo: made-up deliveries of a day, and a new one each minute. Receivers, inbox and inspector run in this page, and forget all when you leave it.</p>\n${found}`,
    )
}

const STYLE = `.demo {
  margin: 0;
  padding: 8px 16px;
  color: var(--muted);
  background: var(--ground);
  border-bottom: 1px solid var(--line);
  font-size: 12.5px;
}
.demo a {
  margin-right: 8px;
  color: var(--accent);
  font-weight: 600;
}
`
