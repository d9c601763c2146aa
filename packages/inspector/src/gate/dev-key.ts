import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

const KEY = /^[\w-]{43}$/
const HERE = Symbol.for('postern.inspector.dev-key')

/**
 * Returns the key of `dev: true`. The key is random. All processes of a project share the key, also after a restart, so
 * a hot reload signs nobody out. The key is stored in a file that only the current user can read (mode 0600). If no
 * file can be written, the key lasts as long as the process.
 */
export function devKey(from: string = process.cwd()): string {
  const known = globalThis as { [HERE]?: string }
  try {
    const folder = cacheOf(from)
    if (folder !== undefined) return keyIn(folder)
  } catch {
    // The project is read-only: keep the key in memory.
  }
  return (known[HERE] ??= randomBytes(32).toString('base64url'))
}

/** Returns `node_modules/.cache/postern` in the nearest folder, from `from` upward, that has `node_modules`. */
function cacheOf(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules')
    if (existsSync(modules)) return join(modules, '.cache', 'postern')
    if (dirname(folder) === folder) return undefined
  }
}

function keyIn(folder: string): string {
  const file = join(folder, 'dev-key')
  const known = read(file)
  if (known !== undefined) return known
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  rmSync(file, { force: true })
  const key = randomBytes(32).toString('base64url')
  try {
    writeFileSync(file, key, { mode: 0o600, flag: 'wx' })
    return key
  } catch (error) {
    // Another process of the project has just written the file: use its key.
    const first = read(file)
    if (first === undefined) throw error
    return first
  }
}

/** Reads the key from a file. Undefined if the file is missing, or if other users have access to it. */
function read(file: string): string | undefined {
  let handle: number | undefined
  try {
    handle = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    const { mode, uid } = fstatSync(handle)
    const isOwn = process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0)
    const key = isOwn ? readFileSync(handle, 'utf8') : ''
    return KEY.test(key) ? key : undefined
  } catch {
    return undefined
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}
