import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unprivileged } from './postgres.ts'
import { startProcess } from './process.ts'
import { pgBouncer } from './programs.ts'
import { freePort, removeFolder, temporaryFolder } from './temporary.ts'
import type { Service } from './temporary.ts'

/**
 * Starts a PgBouncer in transaction mode in front of a test Postgres. Each transaction gets a server connection, and
 * session state (LISTEN, SET, a lock) is lost with it. `settings` change its configuration. Throws if PgBouncer is not
 * installed; tests check `pgBouncer.file` first.
 */
export async function startPgBouncer(
  server: { readonly port: number },
  settings: Readonly<Record<string, string | number>> = {},
): Promise<Service> {
  const { file } = pgBouncer
  if (file === undefined) throw new Error(`PgBouncer is missing: ${pgBouncer.get}`)
  const folder = await temporaryFolder('pgbouncer')
  const user = unprivileged()
  const port = await freePort()
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: 8,
    max_client_conn: 500,
    ...settings,
  }
  const path = join(folder, 'pgbouncer.ini')
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`)
  await writeFile(
    path,
    `[databases]\npostgres = host=127.0.0.1 port=${server.port} user=postern\n[pgbouncer]\n${lines.join('\n')}\n`,
  )
  if (user) for (const each of [folder, path]) await chown(each, user.uid, user.gid)
  const bouncer = await startProcess(file, [path], { ready: /process up/, user })
  return {
    url: `postgres://postern@127.0.0.1:${port}/postgres`,
    port,
    pid: bouncer.pid,
    pause: () => bouncer.kill('SIGSTOP'),
    resume: () => bouncer.kill('SIGCONT'),
    async stop() {
      bouncer.kill('SIGCONT')
      bouncer.kill('SIGQUIT')
      await bouncer.ended
      await removeFolder(folder)
    },
  }
}
