import { bare } from './bare.ts'
import { must } from './must.ts'
import type { Packed } from './tarballs.ts'

/**
 * Installs packages by name with npm. Postern packages, including dependencies, come from their tarballs. `more` adds
 * npm flags.
 */
export async function installPacked(
  folder: string,
  names: readonly string[],
  packages: readonly Packed[],
  more: readonly string[] = [],
): Promise<void> {
  const wanted = new Set(names)
  for (const name of wanted) for (const other of ours(name, packages)) wanted.add(other)
  const specifiers = [...wanted].map((name) => {
    const packed = packages.find((one) => one.name === name)
    return packed === undefined ? name : `file:${packed.tarball}`
  })
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...more]
  await must('npm', ['install', ...flags, ...specifiers], { cwd: folder, env: bare })
}

function ours(name: string, packages: readonly Packed[]): readonly string[] {
  const manifest = packages.find((one) => one.name === name)?.manifest
  return Object.keys(manifest?.dependencies ?? {}).filter((one) =>
    packages.some((packed) => packed.name === one),
  )
}
