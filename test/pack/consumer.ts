import { existsSync, realpathSync } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../run/report.ts'
import { onPath } from '../services/programs.ts'
import { must } from './must.ts'
import { asPnpmProject, pnpm } from './pnpm.ts'
import type { Packed } from './tarballs.ts'

/** The oldest Node the packages say they run on, the one they are developed on, and the newest. */
export const nodeVersions = ['22.13.1', '24.21.0', '26.10.0'] as const

/** An empty project into which the tarballs were installed, as a user would. */
export interface Consumer {
  readonly folder: string
  /** The Node program that runs it. */
  readonly node: string
  readonly version: string
}

/**
 * Installs the tarballs, the peers they ask for and no optional one, and `more`, for the given Node. A package in the tree that does
 * not allow this Node fails the installation. pnpm gives a package what it names and nothing else; that npm installs the tarballs
 * is seen where `postern init` is tested, and in the tests of runtimes and hosts: here it takes four times the CPU.
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

/** A name with its version behind it, or any version. */
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

/** The Node of that version: this one, or one from the npm package `node` that is kept for the next run. */
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

/** The script of the npm on this machine, so that it can be run by any Node. */
function npmCli(): string {
  const caller = process.env['npm_execpath']
  // Under pnpm or yarn the variable names their script.
  const file = caller?.endsWith('npm-cli.js') ? caller : onPath('npm')
  if (file === undefined) throw new Error('npm is not on PATH')
  return realpathSync(file)
}
