import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program some tests start, and how to get it. */
export interface Program {
  readonly name: string
  /** The file to run, undefined if the machine does not have it. */
  readonly file: string | undefined
  /** What to type to have it (Debian and its kin). */
  readonly get: string
  /** Tests with it take long: only files `*.long.test.ts` may start it. @default false */
  readonly long?: boolean
}

/** redis-server, as found on PATH. */
export const redisServer: Program = {
  name: 'Redis',
  file: onPath('redis-server'),
  get: 'apt-get install redis-server',
}

/** postgres: the file that POSTERN_POSTGRES names, on PATH, or where Debian keeps it (`/usr/lib/postgresql/<version>/bin`), the newest first. */
export const postgresServer: Program = {
  name: 'Postgres',
  file: process.env['POSTERN_POSTGRES'] ?? onPath('postgres') ?? debianPostgres(),
  get: 'apt-get install postgresql',
}

/** mariadbd: the file that POSTERN_MARIADB names, on PATH, or in Debian's folder of servers, which a user's PATH may lack. */
export const mariadbServer: Program = {
  name: 'MariaDB',
  file:
    process.env['POSTERN_MARIADB'] ?? onPath('mariadbd') ?? ['/usr/sbin/mariadbd'].find(executable),
  get: 'apt-get install mariadb-server',
}

/** pgbouncer: on PATH, or in Debian's folder of servers, which a user's PATH may lack. */
export const pgBouncer: Program = {
  name: 'PgBouncer',
  file: onPath('pgbouncer') ?? ['/usr/sbin/pgbouncer'].find(executable),
  get: 'apt-get install pgbouncer',
}

/** chromium, under any of the names it is packaged under. */
export const chromium: Program = {
  name: 'Chromium',
  file: ['chromium', 'chromium-browser', 'google-chrome'].map(onPath).find((file) => file),
  get: 'apt-get install chromium',
  long: true,
}

/** prometheus, as found on PATH. */
export const prometheusServer: Program = {
  name: 'Prometheus',
  file: onPath('prometheus'),
  get: 'apt-get install prometheus',
}

/** promtool, which comes with Prometheus: checks rules and runs their tests. */
export const promtool: Program = {
  name: 'promtool',
  file: onPath('promtool'),
  get: prometheusServer.get,
}

/** A C compiler, for the clock of a server that a test steps (`stepped-clock.c`). */
export const fakeTime: Program = {
  name: 'a C compiler',
  file: onPath('cc'),
  get: 'apt-get install gcc libc6-dev',
}

/** The programs this machine does not have. */
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

/** The file a command name stands for on PATH. */
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

/** True if this process may start the program. */
export function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
