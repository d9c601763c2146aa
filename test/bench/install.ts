import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npmCi } from '../run/npm-ci.ts'
import { root } from '../run/report.ts'
import { run } from '../run/step.ts'

const here = import.meta.dirname
const modules = join(here, 'node_modules')

/** Installs this folder's own lock file, once. */
export async function installPeers(): Promise<void> {
  await npmCi(here)
}

/** Puts the packages beside the peers as a user gets them: built, with the exports they are published with. */
export async function installPackages(): Promise<void> {
  await must(process.execPath, ['packages/build.ts'], root)
  const scope = join(modules, '@postern')
  rmSync(scope, { recursive: true, force: true })
  const packages = join(root, 'packages')
  for (const { name } of readdirSync(packages, { withFileTypes: true }).filter((e) =>
    e.isDirectory(),
  )) {
    const to = join(scope, name)
    mkdirSync(to, { recursive: true })
    cpSync(join(packages, name, 'dist'), join(to, 'dist'), { recursive: true })
    const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) as {
      readonly publishConfig: { readonly exports: unknown }
    }
    const published = { ...manifest, exports: manifest.publishConfig.exports }
    writeFileSync(join(to, 'package.json'), JSON.stringify(published))
  }
}

/** Builds the app of the Next.js subjects. */
export async function buildNextApp(): Promise<void> {
  await must(join(modules, '.bin', 'next'), ['build'], join(here, 'next'))
}

async function must(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, output } = await run(program, args, { cwd })
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${output}`)
}
