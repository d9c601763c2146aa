import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { readStart } from '@postern/core/internal'
import type { Endpoint } from '@postern/registrar'

/**
 * Endpoints that a session created at one provider, or was about to create. The record contains no secret and no token.
 */
export interface SessionEndpoint {
  /** Name as in `postern register <provider>`. */
  readonly sender: string
  readonly options: Readonly<Record<string, unknown>>
  readonly at: number
  readonly urls: string[]
  /** Ids of endpoints that existed before the session. */
  readonly before: readonly string[]
  /** Ids of endpoints that this session created. Empty while the first request is running. */
  readonly ids: string[]
  /** Former state of the account's only endpoint, to be restored. */
  readonly taken?: Endpoint
}

/** Session file on disk. If this session is killed, the next start removes the endpoints listed here. */
export interface Session {
  readonly version: 1
  readonly id: string
  /** Port of the local HTTP server, which answers while the session runs. */
  readonly port: number
  readonly folder: string
  readonly made: SessionEndpoint[]
}

/** Creates a session. The session file is written later, just before the first endpoint is created. */
export function newSession(port: number, id: string): Session {
  return { version: 1, id, port, folder: process.cwd(), made: [] }
}

export const sessionId = (): string => randomBytes(16).toString('hex')

export function sessions(): readonly Session[] {
  let names: readonly string[]
  try {
    names = readdirSync(folder())
  } catch {
    return []
  }
  return names.flatMap((name) => {
    if (!/^[\da-f]{32}\.json$/.test(name)) return []
    try {
      const session = JSON.parse(readFileSync(join(folder(), name), 'utf8')) as Session
      return session.version === 1 && `${session.id}.json` === name ? [session] : []
    } catch {
      return []
    }
  })
}

/**
 * Writes the session file, with fsync so that it survives a power loss. Called before and after each request that
 * changes an endpoint.
 */
export function writeSession(session: Session): void {
  mkdirSync(folder(), { recursive: true, mode: 0o700 })
  const next = `${fileOf(session)}.new`
  const handle = openSync(next, 'w', 0o600)
  try {
    writeFileSync(handle, JSON.stringify(session))
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(next, fileOf(session))
}

export function removeSession(session: Session): void {
  rmSync(fileOf(session), { force: true })
}

/** Returns the path at which the local server of a session answers with the session's id. */
export const alivePath = (id: string): string => `/.well-known/postern/session/${id}`

/**
 * Returns true if a session still runs. A process that does not answer within 2 s counts as running, because the
 * process may be suspended.
 */
export async function isAlive({ port, id }: Session): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(2000)
    const reply = await fetch(`http://127.0.0.1:${port}${alivePath(id)}`, { signal })
    const text = await readStart(reply.body, id.length)
    return Buffer.from(text).toString() === id
  } catch (error) {
    return (error as Error).name === 'TimeoutError'
  }
}

function folder(): string {
  const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state')
  return join(state, 'postern', 'listen')
}

function fileOf({ id }: Session): string {
  return join(folder(), `${id}.json`)
}
