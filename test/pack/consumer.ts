import { existsSync, realpathSync } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../run/report.ts'
import { onPath } from '../services/programs.ts'
import { must } from './must.ts'
import { asPnpmProject, pnpm } from './pnpm.ts'
import type { Packed } from './tarballs.ts'

/** Node.js versions: the oldest that the packages support, the one used for development, and the newest. */
export const nodeVersions = ['22.13.1', '24.21.0', '26.10.0'] as const

/** New project with the installed tarballs. */
export interface Consumer {
  readonly folder: string
  /** Path of the Node.js program. */
  readonly node: string
  readonly version: string
}

/**
 * Installs the tarballs, their required peers, and `more`, for a Node.js version. The installation fails if a package
 * does not allow this version. pnpm gives a package only the dependencies that it declares. The checks of `postern
 * init`, runtimes and hosts install with npm, which would take four times the CPU here.
 */
export async function install(
  folder: string,
  version: string,
  packages: readonly Packed[],
  more: readonly string[],
): Promise<Consumer> {
  const node = await nodeProgram(version)
  await cp(join(import.meta.dirname, 'consumer'), folder, { recursive: true })
  const dependencies = Object.fromEntries([
    ...packages.flatMap((packed) => peers(packed)),
    ...packages.map((packed) => [packed.name, `file:${packed.tarball}`] as const),
    ...more.map((name) => specifier(name)),
  ])
  const manifest = { name: 'consumer', private: true, type: 'module', dependencies }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, null, 2))
  await asPnpmProject(folder, packages, version)
  await pnpm(['install', '--no-frozen-lockfile', '--prefer-offline'], folder)
  return { folder, node, version }
}

/** Splits `name@version`. Without a version, any version is allowed. */
function specifier(name: string): readonly [name: string, version: string] {
  const at = name.indexOf('@', 1)
  return at < 0 ? [name, '*'] : [name.slice(0, at), name.slice(at + 1)]
}

function peers(packed: Packed): readonly (readonly [string, string])[] {
  const meta = packed.manifest.peerDependenciesMeta ?? {}
  return Object.entries(packed.manifest.peerDependencies ?? {}).filter(
    ([name]) => meta[name]?.optional !== true && !name.startsWith('@postern/'),
  )
}

/**
 * Returns the Node.js program of a version: the current one, or one from the npm package `node`, which is kept for
 * later runs.
 */
async function nodeProgram(version: string): Promise<string> {
  if (version === process.versions.node) return process.execPath
  const folder = join(root, 'node_modules', '.cache', `node-${version}`)
  const file = join(
    folder,
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  if (existsSync(file)) return file
  await mkdir(folder, { recursive: true })
  const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  const args = [npmCli(), 'install', '--no-audit', '--no-fund']
  await must(process.execPath, args, { cwd: folder })
  return file
}

/** Returns npm's script, so that any Node.js version can run it. */
function npmCli(): string {
  const caller = process.env['npm_execpath']
  // Under pnpm or yarn, the variable contains their script instead.
  const file = caller?.endsWith('npm-cli.js') ? caller : onPath('npm')
  if (file === undefined) throw new Error('npm is not on PATH')
  return realpathSync(file)
}
