import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bare } from './bare.ts'
import { must } from './must.ts'
import type { Packed } from './tarballs.ts'

/** Runs pnpm, of the version that this repository is installed with, in a folder. */
export function pnpm(args: readonly string[], cwd?: string): Promise<string> {
  const options = cwd === undefined ? {} : { cwd, env: bare }
  return must('npx', ['-y', 'pnpm@12', ...args], options)
}

/**
 * Makes a folder a project of pnpm: it takes our packages from their tarballs, wherever one depends on another, and rejects
 * what does not run on this Node or does not fit the peers that a package asks for.
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
  // JSON is YAML too.
  await writeFile(join(folder, 'pnpm-workspace.yaml'), JSON.stringify(settings, null, 2))
}
