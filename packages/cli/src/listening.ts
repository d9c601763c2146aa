import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { Failure } from './print/say.ts'

/**
 * Makes a server listen, reachable only from this machine, and returns its port. 0 picks a free port.
 *
 * @throws Failure that names the program that already uses the port, if it is known, and the fix.
 */
export async function listenOn(server: Server, port: number): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Failure(3, `--port ${port}: ${await remedyOf(code, port, message)}`, { cause: error })
  }
  return (server.address() as AddressInfo).port
}

async function remedyOf(code: string | undefined, port: number, message: string): Promise<string> {
  if (code === 'EACCES')
    return `this user may not listen on this port (${message}); give a port from 1024 up, such as --port ${port + 8000}`
  if (code !== 'EADDRINUSE') return message
  const owner = await ownerOf(port).catch(() => undefined)
  const who =
    owner === undefined
      ? 'another program listens there'
      : `${owner.name} (process ${owner.id}) listens there`
  return `${who}; end it, or give another port, as in --port ${port < 65_535 ? port + 1 : port - 1}, or --port 0 for a free one`
}

/** Returns true if a program listens at the host and the port of a URL. Waits at most 2 s for the connection. */
export function isOpen({ hostname, port, protocol }: URL): Promise<boolean> {
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
  })
  return new Promise((resolve) => {
    const end = (is: boolean) => (): void => {
      socket.destroy()
      resolve(is)
    }
    socket.setTimeout(2000, end(false))
    socket.once('connect', end(true)).once('error', end(false))
  })
}

interface Owner {
  readonly id: number
  readonly name: string
}

/**
 * Finds the program that listens on a port. Returns undefined if the system does not show the program, for example
 * because it belongs to another user.
 */
async function ownerOf(port: number): Promise<Owner | undefined> {
  return process.platform === 'linux' ? ownerInProc(port) : ownerByLsof(port)
}

// Code of the state "LISTEN" in /proc/net/tcp.
const LISTENS = '0A'

/** @see https://man7.org/linux/man-pages/man5/proc_net.5.html */
async function ownerInProc(port: number): Promise<Owner | undefined> {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  )
  const sockets = new Set(
    tables
      .flatMap((text) => text.split('\n').slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === LISTENS && local!.endsWith(end))
      .map((columns) => `socket:[${columns[9]}]`),
  )
  if (sockets.size === 0) return undefined
  for (const id of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const files = await readdir(`/proc/${id}/fd`).catch(() => [])
    for (const file of files)
      if (sockets.has(await readlink(`/proc/${id}/fd/${file}`).catch(() => '')))
        return { id: Number(id), name: (await readFile(`/proc/${id}/comm`, 'utf8')).trim() }
  }
  return undefined
}

/** @see https://github.com/lsof-org/lsof/blob/master/Lsof.8 (-F prints one field per line) */
async function ownerByLsof(port: number): Promise<Owner | undefined> {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']
  const { stdout } = await promisify(execFile)('lsof', args, { timeout: 2000 })
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}(.+)$`, 'm').exec(stdout)?.[1]
  const id = field('p')
  return id === undefined ? undefined : { id: Number(id), name: field('c') ?? 'a program' }
}
