import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { chown, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { startProcess } from './process.ts'
import type { Running } from './process.ts'
import { postgresServer } from './programs.ts'
import { freePort, removeFolder, temporaryFolder } from './temporary.ts'
import type { Service } from './temporary.ts'

const exec = promisify(execFile)

/** User for a server that refuses to run as root. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/** Postgres that tests can stop and restart with its data. */
export interface PostgresService extends Service {
  /** Data folder. */
  readonly data: string
  /** Kills the server as in a crash (immediate shutdown): connections break, and new ones are refused. */
  down(): Promise<void>
  /** Restarts it on the same port with its committed data. */
  up(): Promise<void>
}

/**
 * Starts a Postgres cluster on a free port of 127.0.0.1, with one superuser `postern` without a password and the
 * database `postgres`. Durability has its default settings (fsync on). Throws if Postgres is not installed; tests check
 * `postgresServer.file` first. `env` is added to its environment.
 */
export async function startPostgres(
  env: Readonly<Record<string, string>> = {},
): Promise<PostgresService> {
  const { file } = postgresServer
  if (file === undefined) throw new Error(`Postgres is missing: ${postgresServer.get}`)
  const folder = await temporaryFolder('postgres')
  const user = unprivileged()
  if (user) await chown(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  await exec('cp', ['-a', await template(file, user), data], { cwd: folder, ...user })
  return serve(file, folder, user, env)
}

/** Starts a standby of a server. It replicates and rejects writes until `SELECT pg_promote()`. */
export async function startStandby(primary: PostgresService): Promise<PostgresService> {
  const { file } = postgresServer
  const folder = await temporaryFolder('standby')
  const user = unprivileged()
  if (user) await chown(folder, user.uid, user.gid)
  // The program is next to the server, which may be found through a link.
  const backup = join(dirname(realpathSync(file!)), 'pg_basebackup')
  await exec(backup, ['-d', primary.url, '-D', join(folder, 'data'), '-R', '-c', 'fast'], {
    cwd: folder,
    ...user,
  })
  return serve(file!, folder, user)
}

async function serve(
  file: string,
  folder: string,
  user: User | undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<PostgresService> {
  const data = join(folder, 'data')
  const port = await freePort()
  const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder]
  let postgres: Running
  await up()
  return {
    url: `postgres://postern@127.0.0.1:${port}/postgres`,
    data,
    port,
    get pid() {
      return postgres.pid
    },
    // Stops the postmaster, which accepts, and its backends, which answer.
    pause: () => signalAll(postgres, 'SIGSTOP'),
    resume: () => signalAll(postgres, 'SIGCONT'),
    down: async () => {
      postgres.kill('SIGQUIT')
      await postgres.ended
    },
    up,
    stop: async () => {
      signalAll(postgres, 'SIGCONT')
      // SIGINT is Postgres' fast shutdown: it ends sessions instead of waiting for them.
      postgres.kill('SIGINT')
      await postgres.ended
      await removeFolder(folder)
    },
  }

  async function up(): Promise<void> {
    const ready = /ready to accept (read-only )?connections/
    postgres = await startProcess(file, args, { ready, user, env })
  }
}

/** Returns the folder of a new cluster, created once per version and user: `initdb` uses a second of CPU, a copy a tenth. */
async function template(file: string, user: User | undefined): Promise<string> {
  const { stdout: version } = await exec(file, ['-V'])
  const owner = user?.uid ?? process.getuid?.() ?? 'user'
  const made = join(tmpdir(), `postern-${version.replaceAll(/\W+/g, '-')}${owner}`)
  if (existsSync(made)) return made
  const folder = await temporaryFolder('initdb')
  if (user) await chown(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const args = ['-D', data, '-U', 'postern', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N']
  await exec(join(dirname(file), 'initdb'), args, { cwd: folder, ...user })
  // If another process was first, its folder is used.
  await rename(data, made).catch(() => {})
  await removeFolder(folder)
  return made
}

/** Signals the postmaster first: while it is stopped, it starts no children. */
function signalAll(postgres: Running, signal: NodeJS.Signals): void {
  postgres.kill(signal)
  const children = spawnSync('pgrep', ['-P', String(postgres.pid)], { encoding: 'utf8' }).stdout
  for (const pid of children.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), signal)
    } catch {
      // A session may have ended since it was listed.
    }
  }
}

/** Postgres refuses to run as root. Its Debian package creates the user `postgres`. */
export function unprivileged(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
