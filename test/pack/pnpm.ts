import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bare } from './bare.ts'
import { must } from './must.ts'
import type { Packed } from './tarballs.ts'

/** Runs this repository's version of pnpm in a folder. */
export function pnpm(args: readonly string[], cwd?: string): Promise<string> {
  const options = cwd === undefined ? {} : { cwd, env: bare }
  return must('npx', ['-y', 'pnpm@12', ...args], options)
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
