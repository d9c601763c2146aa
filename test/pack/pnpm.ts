import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bare } from './bare.ts'
import { must } from './must.ts'
import type { Packed } from './tarballs.ts'

let path: Promise<string> | undefined

/** Runs this repository's version of pnpm in a folder. */
export async function pnpm(args: readonly string[], cwd?: string): Promise<string> {
  // npx takes half a second of CPU to find it: it is asked once.
  path ??= findPnpm()
  const PATH = await path
  return must('pnpm', args, cwd === undefined ? { env: { PATH } } : { cwd, env: { ...bare, PATH } })
}

/** Returns a PATH with pnpm in it. */
async function findPnpm(): Promise<string> {
  const args = ['-y', '-p', 'pnpm@12', '-c', 'node -p process.env.PATH']
  return (await must('npx', args, { cwd: tmpdir() })).trim().split('\n').at(-1)!
}

/**
 * Makes a folder a pnpm project. Postern packages come from their tarballs, also as dependencies. An installation fails
 * if a package does not support this Node.js version or does not match a peer range.
 */
export async function asPnpmProject(
  folder: string,
  packages: readonly Packed[],
  node: string,
): Promise<void> {
  const settings = {
    nodeVersion: node,
    engineStrict: true,
    strictPeerDependencies: true,
    ignoreScripts: true,
    overrides: Object.fromEntries(
      packages.map(({ name, tarball }) => [name, `file:${tarball}`] as const),
    ),
  }
  // JSON is valid YAML.
  await writeFile(join(folder, 'pnpm-workspace.yaml'), JSON.stringify(settings, null, 2))
}
