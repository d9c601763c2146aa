import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { npmCi } from '../run/npm-ci.ts'
import { root } from '../run/report.ts'
import { run } from '../run/step.ts'

const here = import.meta.dirname
const modules = join(here, 'node_modules')

/** Installs the peers of this folder's lock file. */
export async function installPeers(): Promise<void> {
  await npmCi(here)
}

/** Builds the packages and copies them next to the peers, with the exports of the published packages. */
export async function installPackages(): Promise<void> {
  await must(process.execPath, ['packages/build.ts'], root)
  const scope = join(modules, '@postern')
  rmSync(scope, { recursive: true, force: true })
  const packages = join(root, 'packages')
  for (const { name } of readdirSync(packages, { withFileTypes: true }).filter((e) =>
    e.isDirectory(),
  )) {
    const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) as {
      readonly private?: boolean
      readonly publishConfig: { readonly exports: unknown }
      readonly dependencies?: Readonly<Record<string, string>>
    }
    // Skips the documentation site, which is not published as a package.
    if (manifest.private === true) continue
    const to = join(scope, name)
    mkdirSync(to, { recursive: true })
    cpSync(join(packages, name, 'dist'), join(to, 'dist'), { recursive: true })
    const published = { ...manifest, exports: manifest.publishConfig.exports }
    writeFileSync(join(to, 'package.json'), JSON.stringify(published))
    for (const dependency of Object.keys(manifest.dependencies ?? {}))
      if (!dependency.startsWith('@postern/')) linkDependency(dependency, join(packages, name), to)
  }
}

/** Links a dependency of a package that no peer has. */
function linkDependency(name: string, from: string, to: string): void {
  const link = join(to, 'node_modules', name)
  if (existsSync(join(modules, name))) return
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(realpathSync(join(from, 'node_modules', name)), link)
}

export async function buildNextApp(): Promise<void> {
  await must(join(modules, '.bin', 'next'), ['build'], join(here, 'next'))
}

async function must(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, output } = await run(program, args, { cwd })
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${output}`)
}
