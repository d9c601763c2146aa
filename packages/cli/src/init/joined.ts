import { posix } from 'node:path'

/** A path with slashes, on Windows too. */
export function slashPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/')
}

/** What a file writes to import another: both without their extensions, the ending given. */
export function importPath(from: string, to: string, ending: string): string {
  const path = posix.relative(posix.dirname(from), to)
  return `${path.startsWith('.') ? '' : './'}${path}${ending}`
}
