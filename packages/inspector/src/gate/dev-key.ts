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
 * The key of `dev: true`. It is random, and the same for all processes of a project and after a restart, so that a hot
 * reload signs no one out. It is stored next to the project's caches, readable only by its user (0600). If no file can
 * be written, it lives as long as the process.
 */
export function devKey(from: string = process.cwd()): string {
  const known = globalThis as { [HERE]?: string }
  try {
    const folder = cacheOf(from)
    if (folder !== undefined) return keyIn(folder)
  } catch {
    // A read-only project.
  }
  return (known[HERE] ??= randomBytes(32).toString('base64url'))
}

/** `node_modules/.cache/postern` of the nearest project that has modules. */
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
    // Another process of the project was first.
    const first = read(file)
    if (first === undefined) throw error
    return first
  }
}

/** Reads the key of a file; undefined if the file is missing, or if another user could read or write it. */
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
