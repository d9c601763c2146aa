// Builds the live demo into public/demo: the inspector's own page, and the app that answers it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { assets } from '../../inspector/src/assets.ts'
import { policy } from '../../inspector/src/policy.ts'
import { forBrowser, nodeModules } from '../explain/browser.ts'

const here = import.meta.dirname
const packages = join(here, '..', '..')

// The providers of the demo's day. Its catalogue has no other.
const PROVIDERS = 'generic github linear shopify slack standard-webhooks stripe twilio'.split(' ')

/** Stand-ins for modules that load all providers, read files, or are too large. */
const STAND_INS: Readonly<Record<string, string>> = {
  '@postern/providers': exported((name) => [
    `export { ${variable(name)} } from`,
    providerFile(name),
  ]),
  '@postern/providers/catalogue': `${exported((name) => [`import { ${variable(name)} } from`, providerFile(name)])}
export const catalogue = new Map([${PROVIDERS.map(variable).join(', ')}].map(({ about }) => [about.name, about]))`,
  '@postern/testing': `${exported((name) => [`import ${variable(name)} from`, join(packages, 'samples', 'samples', `${name}.json`)])}
export { fill } from ${JSON.stringify(join(packages, 'samples', 'src', 'fill.ts'))}
const all = { ${PROVIDERS.map((name) => `'${name}': ${variable(name)}`).join(', ')} }
export const samples = async (name) => all[name].samples`,
  // The real parser is a tenth of the demo, and only one small document needs it.
  'fast-xml-parser': `export { XMLParser } from ${JSON.stringify(join(here, 'xml.ts'))}`,
  // Core uses the bound and the order of use, and no more of it.
  'lru-cache': `export { LRUCache } from ${JSON.stringify(join(here, 'lru-cache.ts'))}`,
  // The day has no compressed body.
  fflate: ['gunzipSync', 'gzipSync', 'inflateSync', 'unzlibSync']
    .map((name) => `export const ${name} = () => { throw new Error('${name}: not in the demo') }`)
    .join('\n'),
  // No provider of the day signs with it.
  '@noble/hashes/sha3.js': 'export const sha3_256 = undefined',
  // The page is served as files.
  './assets.ts': 'export const assets = {}',
}

function exported(line: (name: string) => readonly [statement: string, file: string]): string {
  return PROVIDERS.map(line)
    .map(([statement, file]) => `${statement} ${JSON.stringify(file)}`)
    .join('\n')
}

function providerFile(name: string): string {
  return join(packages, 'providers', 'src', `${name}.ts`)
}

function variable(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** Writes the page and its scripts into `folder`. */
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
    // Code that needs files and processes is not used; dynamic imports are in the same bundle.
    shimMissingExports: true,
    onLog: (level, log) => {
      if (!/SHIMMED_EXPORT|INEFFECTIVE_DYNAMIC_IMPORT/.test(log.code ?? ''))
        forBrowser.onLog(level, log)
    },
    plugins: [
      {
        name: 'demo',
        resolveId: (source) => (Object.hasOwn(STAND_INS, source) ? `\0${source}` : undefined),
        load: (id) => (id.startsWith('\0') ? STAND_INS[id.slice(1)] : undefined),
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
  // A meta tag cannot set frame-ancestors.
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
        `<p class="demo"><a href="/">Postern</a> Live demo: the day of a shop, made up, and a new delivery each half minute. Receivers, inbox and inspector run in this page, and forget all when you leave it.</p>\n${found}`,
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
