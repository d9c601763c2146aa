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

/** Endpoints that a session made at one sender, or was about to make. It holds no secret and no token. */
export interface SessionEndpoint {
  /** As in `postern register <sender>`. */
  readonly sender: string
  readonly options: Readonly<Record<string, unknown>>
  readonly at: number
  readonly urls: string[]
  /** Ids that were there before. */
  readonly before: readonly string[]
  /** Ids that this session made. Empty while the first request is on its way. */
  readonly ids: string[]
  /** The one endpoint of the account as it was, to be put back. */
  readonly taken?: Endpoint
}

/** A session on disk: what the next start removes if this one is killed. */
export interface Session {
  readonly version: 1
  readonly id: string
  /** The port of the gate, which answers while the session runs. */
  readonly port: number
  readonly folder: string
  readonly made: SessionEndpoint[]
}

/** Starts a session. Nothing is on disk before its first endpoint. */
export function newSession(port: number, id: string): Session {
  return { version: 1, id, port, folder: process.cwd(), made: [] }
}

/** A random id that another process cannot guess. */
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

/** Writes a session, so that a loss of power keeps it too. Called before each request that changes something, and after it. */
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

/** Forgets a session of which nothing is left. */
export function removeSession(session: Session): void {
  rmSync(fileOf(session), { force: true })
}

/** The path at which the gate of a session answers with its id. */
export const alivePath = (id: string): string => `/.well-known/postern/session/${id}`

/** Whether a session runs. One that is stopped and gives no answer counts as running. */
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
