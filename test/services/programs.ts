import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Program that tests start, and how to install it. */
export interface Program {
  readonly name: string
  /** Path of the program. Undefined if it is not installed. */
  readonly file: string | undefined
  /** Command that installs the program on Debian. */
  readonly get: string
  /** If true, only files `*.long.test.ts` may start the program. @default false */
  readonly long?: boolean
}

export const redisServer: Program = {
  name: 'Redis',
  file: onPath('redis-server'),
  get: 'apt-get install redis-server',
}

/** postgres, from POSTERN_POSTGRES, PATH, or Debian's folders (`/usr/lib/postgresql/<version>/bin`, newest first). */
export const postgresServer: Program = {
  name: 'Postgres',
  file: process.env['POSTERN_POSTGRES'] ?? onPath('postgres') ?? debianPostgres(),
  get: 'apt-get install postgresql',
}

/** mariadbd, from POSTERN_MARIADB, PATH, or Debian's folder for servers, which may not be on PATH. */
export const mariadbServer: Program = {
  name: 'MariaDB',
  file:
    process.env['POSTERN_MARIADB'] ?? onPath('mariadbd') ?? ['/usr/sbin/mariadbd'].find(executable),
  get: 'apt-get install mariadb-server',
}

/** pgbouncer, from PATH or Debian's folder for servers, which may not be on PATH. */
export const pgBouncer: Program = {
  name: 'PgBouncer',
  file: onPath('pgbouncer') ?? ['/usr/sbin/pgbouncer'].find(executable),
  get: 'apt-get install pgbouncer',
}

/** chromium, under any of its names. */
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

/** promtool of Prometheus, which checks alert rules and runs their tests. */
export const promtool: Program = {
  name: 'promtool',
  file: onPath('promtool'),
  get: prometheusServer.get,
}

/** C compiler. Tests that change a server's clock compile `stepped-clock.c`. */
export const fakeTime: Program = {
  name: 'a C compiler',
  file: onPath('cc'),
  get: 'apt-get install gcc libc6-dev',
}

/** Returns the programs that are not installed. */
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

/** Returns the path of a command on PATH. */
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

/** Returns whether this process may run the file. */
export function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
