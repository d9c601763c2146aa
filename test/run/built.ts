import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reports, root } from './report.ts'

const STAMP = join(reports, 'built')
/** What a build reads. */
const SOURCES = [
  'packages/*/src/**/*',
  'packages/*/{package,tsconfig}*.json',
  'packages/{build.ts,tsconfig.json}',
  'pnpm-lock.yaml',
  'tsconfig*.json',
]
/** What it writes. */
const MODULES = ['packages/*/dist/**/*']

/** True if the packages were built from nothing, and neither sources nor modules have changed since. */
export function isBuilt(): boolean {
  try {
    return readFileSync(STAMP, 'utf8') === stamp()
  } catch {
    return false
  }
}

/** Remembers that the packages were built from nothing just now. */
export function rememberBuilt(): void {
  mkdirSync(reports, { recursive: true })
  writeFileSync(STAMP, stamp())
}

/** A build has begun: until it has ended well nothing is built. */
export function forgetBuilt(): void {
  rmSync(STAMP, { force: true })
}

/** Sources by their contents, modules by when they were written and their size: these are many, and nobody writes them by hand. */
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
