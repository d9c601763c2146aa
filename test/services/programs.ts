import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Program that tests start, and how to install it. */
export interface Program {
  readonly name: string
  /** File to run; undefined if it is not installed. */
  readonly file: string | undefined
  /** Debian command that installs it. */
  readonly get: string
  /** True if only files `*.long.test.ts` may start it. @default false */
  readonly long?: boolean
}

export const redisServer: Program = {
  name: 'Redis',
  file: onPath('redis-server'),
  get: 'apt-get install redis-server',
}

/**
 * postgres: the file in POSTERN_POSTGRES, on PATH, or in Debian's folders (`/usr/lib/postgresql/<version>/bin`), newest
 * first.
 */
export const postgresServer: Program = {
  name: 'Postgres',
  file: process.env['POSTERN_POSTGRES'] ?? onPath('postgres') ?? debianPostgres(),
  get: 'apt-get install postgresql',
}

/** mariadbd: the file in POSTERN_MARIADB, on PATH, or in Debian's folder of servers, which may not be on a user's PATH. */
export const mariadbServer: Program = {
  name: 'MariaDB',
  file:
    process.env['POSTERN_MARIADB'] ?? onPath('mariadbd') ?? ['/usr/sbin/mariadbd'].find(executable),
  get: 'apt-get install mariadb-server',
}

/** pgbouncer: on PATH, or in Debian's folder of servers, which may not be on a user's PATH. */
export const pgBouncer: Program = {
  name: 'PgBouncer',
  file: onPath('pgbouncer') ?? ['/usr/sbin/pgbouncer'].find(executable),
  get: 'apt-get install pgbouncer',
}

/** chromium, under any of its package names. */
export const chromium: Program = {
  name: 'Chromium',
  file: ['chromium', 'chromium-browser', 'google-chrome'].map(onPath).find((file) => file),
  get: 'apt-get install chromium',
  long: true,
}

export const prometheusServer: Program = {
  name: 'Prometheus',
  file: onPath('prometheus'),
  get: 'apt-get install prometheus',
}

/** promtool of Prometheus, which checks rules and runs their tests. */
export const promtool: Program = {
  name: 'promtool',
  file: onPath('promtool'),
  get: prometheusServer.get,
}

/** C compiler, for the clock of a server that a test changes (`stepped-clock.c`). */
export const fakeTime: Program = {
  name: 'a C compiler',
  file: onPath('cc'),
  get: 'apt-get install gcc libc6-dev',
}

/** Returns the programs that this machine lacks. */
export function missing(): readonly Program[] {
  return [
    redisServer,
    postgresServer,
    mariadbServer,
    pgBouncer,
    chromium,
    prometheusServer,
    promtool,
    fakeTime,
  ].filter((program) => program.file === undefined)
}

/** Returns the file of a command on PATH. */
export function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find(executable)
}

function debianPostgres(): string | undefined {
  const home = '/usr/lib/postgresql'
  let versions: readonly string[]
  try {
    versions = readdirSync(home)
  } catch {
    return undefined
  }
  return versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(home, version, 'bin', 'postgres'))
    .find(executable)
}

/** Returns true if this process may start the program. */
export function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
