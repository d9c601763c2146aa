import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Running } from './process.ts'
import type { Program } from './programs.ts'
import { removeFolder, temporaryFolder } from './temporary.ts'

export const exec = promisify(execFile)

/** Service that a test has started, with its own port and folder. */
export interface Service {
  /** URL for clients. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Freezes the process (SIGSTOP). Connections stay open but get no replies. */
  pause(): void
  resume(): void
  /** Kills the process. Connections break, and new ones are refused. */
  down(): Promise<void>
  /** Restarts the process on the same port, with its stored data. */
  up(): Promise<void>
  stop(): Promise<void>
}

interface ServiceOptions {
  readonly url: string
  readonly port: number
  readonly folder: string
  readonly start: () => Promise<Running>
  /** Signal that `stop` sends. */
  readonly end: NodeJS.Signals
  /** Signal that `down` sends. @default 'SIGKILL' */
  readonly crash?: NodeJS.Signals
  /** Sends a signal. Needed if the service has several processes. */
  readonly signal?: (running: Running, signal: NodeJS.Signals) => void
}

export async function startService({
  url,
  port,
  folder,
  start,
  end,
  crash = 'SIGKILL',
  signal = (one, name) => one.kill(name),
}: ServiceOptions): Promise<Service> {
  let running = await start()
  return {
    url,
    port,
    get pid() {
      return running.pid
    },
    pause: () => signal(running, 'SIGSTOP'),
    resume: () => signal(running, 'SIGCONT'),
    async down() {
      running.kill(crash)
      await running.ended
    },
    async up() {
      running = await start()
    },
    async stop() {
      signal(running, 'SIGCONT')
      running.kill(end)
      await running.ended
      await removeFolder(folder)
    },
  }
}

/** Returns the path of a program. Throws if the program is not installed, so tests check that first. */
export function fileOf({ name, file, get }: Program): string {
  if (file === undefined) throw new Error(`${name} is missing: ${get}`)
  return file
}

/** User for servers that do not run as root. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/** Returns the user of a server's Debian package if this process is root. Otherwise returns undefined. */
export function unprivileged(name: 'postgres' | 'mysql'): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Creates a temporary folder that belongs to the user. */
export async function folderOf(name: string, user: User | undefined): Promise<string> {
  const folder = await temporaryFolder(name)
  if (user) await chown(folder, user.uid, user.gid)
  return folder
}

/**
 * Creates the data folder of a new server. It copies a template, which is created once per version and user: an
 * installation takes seconds, a copy a tenth of that. Returns the parent folder.
 */
export async function copyOfTemplate(
  name: string,
  version: string,
  user: User | undefined,
  install: (data: string) => readonly [program: string, ...args: string[]],
): Promise<string> {
  const made = join(tmpdir(), `postern-${version}-${user?.uid ?? process.getuid?.() ?? 'user'}`)
  if (!existsSync(made)) {
    const folder = await folderOf(`${name}-install`, user)
    const [program, ...args] = install(join(folder, 'data'))
    await exec(program, args, { cwd: folder, ...user })
    // If another process has created the template first, that one is used.
    await rename(join(folder, 'data'), made).catch(() => {})
    await removeFolder(folder)
  }
  const folder = await folderOf(name, user)
  await exec('cp', ['-a', made, join(folder, 'data')], { cwd: folder, ...user })
  return folder
}
