import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { must } from '../pack/must.ts'
import type { Tarball } from './results.ts'

/** Result of a production install of one package into an empty folder. */
export interface Installed {
  readonly name: string
  readonly packages: number
  readonly megabytes: number
  readonly seconds: number
  /** Installed packages that only tests need. */
  readonly extra: readonly string[]
}

/** Packages that only tests or Postern's build need. */
const FOR_TESTS =
  /^(?:vitest|@vitest\/.*|fast-check|jest|mocha|playwright.*|@playwright\/.*|axe-core|@types\/node|typescript|rolldown|esbuild|vite|oxlint|oxfmt|knip)$/

/** Returns the packages that only tests or Postern's build need. */
export function forTests(names: readonly string[]): readonly string[] {
  return names.filter((name) => FOR_TESTS.test(name))
}

/** Installs each package separately with npm, without development dependencies. */
export async function installEach(
  folder: string,
  tarballs: readonly Tarball[],
): Promise<readonly Installed[]> {
  const found: Installed[] = []
  for (const { name, version } of tarballs) {
    const at = join(folder, name.replace('/', '-'))
    await mkdir(at, { recursive: true })
    await writeFile(join(at, 'package.json'), '{"private":true}')
    const began = performance.now()
    const flags = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund']
    await must('npm', ['install', ...flags, `${name}@${version}`], { cwd: at })
    const seconds = (performance.now() - began) / 1000
    const names = await installedNames(at)
    const megabytes = await megabytesOf(at)
    found.push({ name, packages: names.length, megabytes, seconds, extra: forTests(names) })
  }
  return found
}

/** Returns the packages in the folder's package-lock.json. */
async function installedNames(folder: string): Promise<readonly string[]> {
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly optional?: boolean }>>
  }
  return Object.keys(lock.packages)
    .filter((path) => path !== '')
    .map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
}

async function megabytesOf(folder: string): Promise<number> {
  const entries = await readdir(join(folder, 'node_modules'), {
    recursive: true,
    withFileTypes: true,
  })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0) / 1e6
}
