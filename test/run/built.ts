import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reports, root } from './report.ts'

const STAMP = join(reports, 'built')
const SOURCES = [
  'packages/*/src/**/*',
  'packages/*/{package,tsconfig}*.json',
  'packages/{build.ts,tsconfig.json}',
  'pnpm-lock.yaml',
  'tsconfig*.json',
]
const MODULES = ['packages/*/dist/**/*']

/** Returns whether the last full build is still current: neither sources nor modules have changed. */
export function isBuilt(): boolean {
  try {
    return readFileSync(STAMP, 'utf8') === stamp()
  } catch {
    return false
  }
}

/** Records that the packages have just been built in full. */
export function rememberBuilt(): void {
  mkdirSync(reports, { recursive: true })
  writeFileSync(STAMP, stamp())
}

/** Call it when a build starts. Until the build succeeds, nothing counts as built. */
export function forgetBuilt(): void {
  rmSync(STAMP, { force: true })
}

/**
 * Hashes sources by their contents. Modules are hashed by time and size, because they are many and not edited by hand.
 */
function stamp(): string {
  const hash = createHash('sha256').update(process.version)
  for (const file of filesOf(SOURCES))
    hash.update(`${file}\n`).update(readFileSync(join(root, file)))
  for (const file of filesOf(MODULES)) {
    const { mtimeMs, size } = statSync(join(root, file))
    hash.update(`${file} ${mtimeMs} ${size}\n`)
  }
  return hash.digest('hex')
}

function filesOf(patterns: readonly string[]): readonly string[] {
  return globSync(patterns, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .toSorted()
}
