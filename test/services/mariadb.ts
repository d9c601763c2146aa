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

export interface MariadbService extends Service {
  readonly data: string
  readonly log: string
}

// MariaDB runs these statements before it accepts connections. Each statement is on one line.
const INIT = `CREATE USER IF NOT EXISTS postern@'%';
GRANT ALL ON *.* TO postern@'%' WITH GRANT OPTION;
REVOKE READ_ONLY ADMIN ON *.* FROM postern@'%';
CREATE USER IF NOT EXISTS admin@'%';
GRANT ALL ON *.* TO admin@'%';
CREATE DATABASE IF NOT EXISTS app;
`

interface MariadbOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

/**
 * Starts a MariaDB on a free port of 127.0.0.1, with the database `app`. The user `postern` has no password and all
 * rights, except for writing while the server is read-only. The user `admin` may do that too. Durability settings are
 * the defaults. Throws if MariaDB is not installed, so check `mariadbServer.file` first.
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
    // On start, a server deletes all temporary tables in this folder. So each server has its own.
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
  // MariaDB logs to stderr, where the test waits for the ready line. tee also writes the log to a file.
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
