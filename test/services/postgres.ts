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

/** Running PostgreSQL. `down` is an immediate shutdown. */
export interface PostgresService extends Service {
  readonly data: string
}

/**
 * Starts a PostgreSQL on a free port of 127.0.0.1, with the database `postgres` and the superuser `postern` without a
 * password. Durability settings are the defaults (fsync on). Throws if PostgreSQL is not installed, so check
 * `postgresServer.file` first. `env` adds environment variables.
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

/** Starts a standby of a server. It replicates and is read-only until `SELECT pg_promote()`. */
export async function startStandby(primary: PostgresService): Promise<PostgresService> {
  const user = unprivileged('postgres')
  const folder = await folderOf('standby', user)
  // pg_basebackup is in the same folder as the server, whose path may be a link.
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
    // SIGINT is PostgreSQL's fast shutdown: it ends sessions instead of waiting for them.
    end: 'SIGINT',
    crash: 'SIGQUIT',
    signal: signalAll,
  })
  return Object.assign(service, { data })
}

/**
 * Signals the postmaster, which accepts connections, and then the backends, which reply. A stopped postmaster starts no
 * new backends.
 */
function signalAll(postgres: Running, signal: NodeJS.Signals): void {
  postgres.kill(signal)
  const children = spawnSync('pgrep', ['-P', String(postgres.pid)], { encoding: 'utf8' }).stdout
  for (const pid of children.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), signal)
    } catch {
      // The session may have ended in the meantime.
    }
  }
}
