import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startProcess, type Running } from './process.ts'
import { mariadbServer } from './programs.ts'
import { freePort, removeFolder, temporaryFolder, type Service } from './temporary.ts'

const exec = promisify(execFile)

/** MariaDB that tests can stop and restart with its data. */
export interface MariadbService extends Service {
  /** Data folder. */
  readonly data: string
  /** Error log file. */
  readonly log: string
  /** Kills the server, as in a crash. */
  down(): Promise<void>
  /** Restarts it on the same port with its committed data. */
  up(): Promise<void>
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
  const { file } = mariadbServer
  if (file === undefined) throw new Error(`MariaDB is missing: ${mariadbServer.get}`)
  const folder = await temporaryFolder('mariadb')
  const user = unprivileged()
  if (user) await chown(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  await exec('cp', ['-a', await template(file, user), data], { cwd: folder, ...user })
  const port = await freePort()
  const log = join(folder, 'error.log')
  const init = join(folder, 'init.sql')
  await writeFile(init, INIT)
  let mariadb: Running
  await up()
  return {
    url: `mysql://postern@127.0.0.1:${port}/app`,
    data,
    port,
    log,
    get pid() {
      return mariadb.pid
    },
    pause: () => mariadb.kill('SIGSTOP'),
    resume: () => mariadb.kill('SIGCONT'),
    down: async () => {
      mariadb.kill('SIGKILL')
      await mariadb.ended
    },
    up,
    stop: async () => {
      mariadb.kill('SIGCONT')
      mariadb.kill('SIGKILL')
      await mariadb.ended
      await removeFolder(folder)
    },
  }

  async function up(): Promise<void> {
    const all = [
      '--no-defaults',
      `--datadir=${data}`,
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
    mariadb = await startProcess('bash', ['-c', logged, file!, ...all], {
      ready: /ready for connections/,
      user,
      env,
    })
  }
}

/** Returns the folder of a new server, created once per version and user: an installation takes seconds, a copy a tenth. */
async function template(
  file: string,
  user: { uid: number; gid: number } | undefined,
): Promise<string> {
  const { stdout: version } = await exec(file, ['--version'])
  const made = join(
    tmpdir(),
    `postern-${/\d+\.\d+\.\d+/.exec(version)?.[0] ?? 'mariadb'}-${user?.uid ?? 'user'}`,
  )
  if (existsSync(made)) return made
  const folder = await temporaryFolder('mariadb-install')
  if (user) await chown(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const install = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal']
  await exec('mariadb-install-db', [...install, '--skip-test-db'], { cwd: folder, ...user })
  // If another process was first, its folder is used.
  await rename(data, made).catch(() => {})
  await removeFolder(folder)
  return made
}

/** MariaDB rejects to run as root; the package that brought it also made the user `mysql`. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'mysql'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
