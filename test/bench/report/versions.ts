import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const bench = join(import.meta.dirname, '..')

/** Returns name and installed version of each package that the benchmark depends on. */
export function peerVersions(): readonly (readonly [name: string, version: string])[] {
  const { dependencies } = manifest(bench)
  return Object.keys(dependencies ?? {}).map((name) => [
    name,
    manifest(join(bench, 'node_modules', name)).version ?? 'not installed',
  ])
}

function manifest(folder: string): {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
} {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as ReturnType<
    typeof manifest
  >
}
