import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProcess } from './process.ts'
import { mariadbServer } from './programs.ts'
import {
  copyOfTemplate,
  exec,
  fileOf,
  startService,
  unprivileged,
  type Service,
} from './service.ts'
import { freePort } from './temporary.ts'

/** MariaDB. */
export interface MariadbService extends Service {
  /** Data folder. */
  readonly data: string
  /** Error log file. */
  readonly log: string
}

// Runs before it accepts connections; one statement per line.
const INIT = `CREATE USER IF NOT EXISTS postern@'%';
GRANT ALL ON *.* TO postern@'%' WITH GRANT OPTION;
REVOKE READ_ONLY ADMIN ON *.* FROM postern@'%';
CREATE USER IF NOT EXISTS admin@'%';
GRANT ALL ON *.* TO admin@'%';
CREATE DATABASE IF NOT EXISTS app;
`

interface MariadbOptions {
  /** Additional environment variables. */
  readonly env?: Readonly<Record<string, string>>
  /** Additional arguments. */
  readonly args?: readonly string[]
}

/**
 * Starts a MariaDB on a free port of 127.0.0.1, with the database `app` and a user `postern` without a password. That
 * user may do everything except write while the server is read-only; `admin` may do that too. Durability has its
 * default settings. Throws if MariaDB is not installed; tests check `mariadbServer.file` first.
 */
export async function startMariadb({
  env = {},
  args = [],
}: MariadbOptions = {}): Promise<MariadbService> {
  const file = fileOf(mariadbServer)
  const user = unprivileged('mysql')
  const { stdout } = await exec(file, ['--version'])
  const folder = await copyOfTemplate(
    'mariadb',
    /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'mariadb',
    user,
    (data) => [
      'mariadb-install-db',
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
  )
  const data = join(folder, 'data')
  const port = await freePort()
  const log = join(folder, 'error.log')
  const init = join(folder, 'init.sql')
  await writeFile(init, INIT)
  const all = [
    '--no-defaults',
    `--datadir=${data}`,
    // At its start, a server deletes the temporary tables of all servers in its folder.
    `--tmpdir=${folder}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    `--socket=${join(folder, 'socket')}`,
    '--innodb-buffer-pool-size=256M',
    '--max-connections=300',
    `--init-file=${init}`,
    '--innodb-print-all-deadlocks=ON',
    ...args,
  ]
  // Without a log file it writes to stderr, where a line says that it is ready.
  const logged = `exec "$0" "$@" 2> >(exec tee -a ${log} >&2)`
  const service = await startService({
    url: `mysql://postern@127.0.0.1:${port}/app`,
    port,
    folder,
    start: () =>
      startProcess('bash', ['-c', logged, file, ...all], {
        ready: /ready for connections/,
        user,
        env,
      }),
    end: 'SIGKILL',
  })
  return Object.assign(service, { data, log })
}
