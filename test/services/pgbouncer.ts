import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProcess } from './process.ts'
import { pgBouncer } from './programs.ts'
import { fileOf, folderOf, startService, unprivileged, type Service } from './service.ts'
import { freePort } from './temporary.ts'

/**
 * Starts a PgBouncer in transaction mode in front of a PostgreSQL. Each transaction gets a server connection. Session
 * state (LISTEN, SET, locks) is lost after the transaction. `settings` changes the configuration. Throws if PgBouncer
 * is not installed, so check `pgBouncer.file` first.
 */
export async function startPgBouncer(
  server: { readonly port: number },
  settings: Readonly<Record<string, string | number>> = {},
): Promise<Service> {
  const file = fileOf(pgBouncer)
  const user = unprivileged('postgres')
  const folder = await folderOf('pgbouncer', user)
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
  if (user) await chown(path, user.uid, user.gid)
  return startService({
    url: `postgres://postern@127.0.0.1:${port}/postgres`,
    port,
    folder,
    start: () => startProcess(file, [path], { ready: /process up/, user }),
    end: 'SIGQUIT',
  })
}
