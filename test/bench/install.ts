import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { root } from '../run/report.ts'
import { run } from '../run/step.ts'

const here = import.meta.dirname
const modules = join(here, 'node_modules')

/** Installs this folder's own lock file, once. */
export async function installPeers(): Promise<void> {
  const stamp = join(modules, '.installed')
  const wanted = createHash('sha256')
    .update(readFileSync(join(here, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  console.log('Installing the packages of test/bench …')
  await must('npm', ['ci', '--no-audit', '--no-fund'], here)
  writeFileSync(stamp, wanted)
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
