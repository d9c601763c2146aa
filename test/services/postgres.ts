import { spawnSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startProcess, type Running } from './process.ts'
import { postgresServer } from './programs.ts'
import {
  copyOfTemplate,
  exec,
  fileOf,
  folderOf,
  startService,
  unprivileged,
  type Service,
} from './service.ts'
import { freePort } from './temporary.ts'

/** Postgres. `down` is an immediate shutdown. */
export interface PostgresService extends Service {
  /** Data folder. */
  readonly data: string
}

/**
 * Starts a Postgres cluster on a free port of 127.0.0.1, with one superuser `postern` without a password and the
 * database `postgres`. Durability has its default settings (fsync on). Throws if Postgres is not installed; tests check
 * `postgresServer.file` first. `env` is added to its environment.
 */
export async function startPostgres(
  env: Readonly<Record<string, string>> = {},
): Promise<PostgresService> {
  const file = fileOf(postgresServer)
  const user = unprivileged('postgres')
  const { stdout } = await exec(file, ['-V'])
  const folder = await copyOfTemplate(
    'postgres',
    stdout.trim().replaceAll(/\W+/g, '-'),
    user,
    (data) => [
      join(dirname(file), 'initdb'),
      ...`-D ${data} -U postern -A trust -E UTF8 --no-locale -N`.split(' '),
    ],
  )
  return serve(folder, env)
}

/** Starts a standby of a server. It replicates and rejects writes until `SELECT pg_promote()`. */
export async function startStandby(primary: PostgresService): Promise<PostgresService> {
  const user = unprivileged('postgres')
  const folder = await folderOf('standby', user)
  // The program is next to the server, which may be found through a link.
  const backup = join(dirname(realpathSync(fileOf(postgresServer))), 'pg_basebackup')
  await exec(backup, ['-d', primary.url, '-D', join(folder, 'data'), '-R', '-c', 'fast'], {
    cwd: folder,
    ...user,
  })
  return serve(folder)
}

async function serve(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<PostgresService> {
  const data = join(folder, 'data')
  const port = await freePort()
  const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder]
  const ready = /ready to accept (read-only )?connections/
  const service = await startService({
    url: `postgres://postern@127.0.0.1:${port}/postgres`,
    port,
    folder,
    start: () =>
      startProcess(fileOf(postgresServer), args, { ready, user: unprivileged('postgres'), env }),
    // SIGINT is Postgres' fast shutdown: it ends sessions instead of waiting for them.
    end: 'SIGINT',
    crash: 'SIGQUIT',
    signal: signalAll,
  })
  return Object.assign(service, { data })
}

/**
 * Signals the postmaster, which accepts, and its backends, which answer. The postmaster is first: while it is stopped,
 * it starts no children.
 */
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
