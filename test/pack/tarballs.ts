import { mkdir, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../run/report.ts'
import { must } from './must.ts'
import { pnpm } from './pnpm.ts'

/** Package as it would be published. */
export interface Packed {
  readonly name: string
  readonly tarball: string
  /** Built folder of the package in the repository. */
  readonly folder: string
  readonly manifest: Manifest
}

/** Fields of a package.json that the checks read. */
interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly engines: { readonly node: string }
  readonly publishConfig: { readonly exports: Readonly<Record<string, unknown>> }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** Packs every package into `out`. Builds all packages first unless `built` is set. */
export async function packAll(out: string, built: boolean): Promise<readonly Packed[]> {
  const packages = join(root, 'packages')
  const entries = await readdir(packages, { withFileTypes: true })
  const folders = entries.filter((e) => e.isDirectory()).map((e) => join(packages, e.name))
  if (!built) await must(process.execPath, ['packages/build.ts', '--fresh'])
  await mkdir(out, { recursive: true })
  await pnpm(['--recursive', '--filter', './packages/*', 'pack', '--pack-destination', out])
  const tarballs = await readdir(out)
  const packed = await Promise.all(
    folders.map(async (folder) => {
      const text = await readFile(join(folder, 'package.json'), 'utf8')
      const manifest = JSON.parse(text) as Manifest & { readonly version: string }
      // Skips the documentation site, which is not published as a package.
      if (manifest.private === true) return []
      const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`
      if (!tarballs.includes(file)) throw new Error(`pnpm pack made no ${file}`)
      return [{ name: manifest.name, tarball: join(out, file), folder, manifest }]
    }),
  )
  return packed.flat()
}

export async function filesOf({ tarball }: Packed): Promise<readonly string[]> {
  const list = await must('tar', ['-tzf', tarball])
  return list
    .trim()
    .split('\n')
    .map((file) => file.slice('package/'.length))
}

/**
 * Returns the import specifiers of a package: each entry of `exports`. A wildcard is replaced by each file that it
 * matches, unless another entry blocks the file.
 */
export async function specifiers(packed: Packed): Promise<readonly string[]> {
  const modules = (await readdir(join(packed.folder, 'dist'), { recursive: true }))
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -'.js'.length).replaceAll('\\', '/'))
  const entries = Object.entries(packed.manifest.publishConfig.exports)
  const closed = entries
    .filter(([, target]) => target === null)
    .map(([entry]) => entry.slice(2, -1))
  return entries.flatMap(([entry, target]) => {
    if (entry === './package.json' || target === null) return []
    if (entry !== './*') return [packed.name + entry.slice(1)]
    return modules
      .filter((module) => !closed.some((folder) => module.startsWith(folder)))
      .map((module) => `${packed.name}/${module}`)
  })
}

/** Returns whether the package supports this version of Node.js. */
export function runsOn(version: string, { manifest }: Packed): boolean {
  const least = /^>=([\d.]+)$/.exec(manifest.engines.node)?.[1]
  if (least === undefined)
    throw new Error(`${manifest.name}: engines.node must be ">=" and a version`)
  const parts = (text: string): readonly number[] => text.split('.').map(Number)
  const [have, want] = [parts(version), parts(least)]
  const at = want.findIndex((part, index) => part !== have[index])
  return at === -1 || have[at]! > want[at]!
}
