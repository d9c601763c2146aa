// `npm run docs` builds the site into packages/docs/dist: it installs what the site needs, writes the pages and runs Astro.
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, type Ended } from '../../test/run/step.ts'

const site = import.meta.dirname

/** Builds the site, and returns what the last program said. Throws with the output of what failed. */
export async function buildSite(): Promise<string> {
  await install()
  await must(process.execPath, ['--no-warnings', join(site, 'generate', 'main.ts')])
  // Import after the installation: their bundler is in the site's own lock file.
  const { bundleExplain } = await import('./explain/bundle.ts')
  await bundleExplain(join(site, 'public', 'explain'))
  const { bundleDemo } = await import('./demo/bundle.ts')
  await bundleDemo(join(site, 'public', 'demo'))
  const astro = join(site, 'node_modules', 'astro', 'bin', 'astro.mjs')
  const env = { ASTRO_TELEMETRY_DISABLED: '1' }
  // Pages of an earlier build can name a style sheet that is no longer there.
  const said = await must(process.execPath, [astro, 'build', '--force'], env)
  for (const page of globSync('dist/**/*.html', { cwd: site })) {
    const file = join(site, page)
    writeFileSync(file, allowScripts(foldTables(readFileSync(file, 'utf8'))))
  }
  return said
}

/** Adds the hashes of a page's own scripts to its policy, which allows no other inline script. */
function allowScripts(page: string): string {
  const scripts = [...page.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([^]*?)<\/script>/g)]
  const hashes = scripts.map(
    ([, text]) => `'sha256-${createHash('sha256').update(text!).digest('base64')}'`,
  )
  const own = [...new Set(hashes)].join(' ')
  return page.replace("script-src 'self' ", (policy) => `${policy}${own} `)
}

/** Adds the name of its column to each table cell, for narrow screens, and places to break to long names. */
function foldTables(page: string): string {
  return page.replaceAll(/<table>[^]*?<\/table>/g, (table) => {
    const heads = Array.from(table.matchAll(/<th[^>]*>([^]*?)<\/th>/g), ([, head]) =>
      head!.replaceAll(/<[^>]*>/g, ''),
    )
    return table.replaceAll(/<tr>[^]*?<\/tr>/g, (row) => {
      let at = 0
      return row
        .replaceAll(/<td(?=[ >])/g, () => `<td data-head="${heads[at++] ?? ''}"`)
        .replaceAll(/(?<=<code[^>]*>)[^<]{13,}/g, (name) =>
          name.replaceAll(/(?<=[a-z])(?=[A-Z])|(?<=[./(,_:|=-])(?=\w)/g, '<wbr>'),
        )
    })
  })
}

async function install(): Promise<void> {
  const stamp = join(site, 'node_modules', '.installed')
  const lock = readFileSync(join(site, 'pnpm-lock.yaml'))
  const wanted = createHash('sha256').update(lock).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const pnpm = ['-y', 'pnpm@12', 'install', '--frozen-lockfile', '--loglevel=error']
  await must('npx', pnpm, { CI: 'true' })
  writeFileSync(stamp, wanted)
}

async function must(program: string, args: readonly string[], env = {}): Promise<string> {
  const { code, output }: Ended = await run(program, args, { cwd: site, env })
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}\n${output.slice(-4000)}`)
  return output
}

if (import.meta.main) {
  await buildSite()
  console.log(`The site is in ${join('packages', 'docs', 'dist')}`)
}
