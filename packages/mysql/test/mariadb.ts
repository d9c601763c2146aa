import { randomUUID } from 'node:crypto'
import mysql, { type Pool, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest'
import { startMariadb, type MariadbService } from '../../../test/services/mariadb.ts'
import { needs } from '../../../test/services/needs.ts'
import { mariadbServer } from '../../../test/services/programs.ts'
import { mysqlInbox, type MysqlInboxOptions } from '../src/index.ts'

/** A MariaDB server for the tests of one file. */
export interface Mariadb {
  readonly service: MariadbService
  /** The app's pool, with the default settings of the driver and the server. */
  readonly pool: Pool
  readonly rows: (text: string, values?: unknown[]) => Promise<readonly RowDataPacket[]>
  /** Creates a database, and returns its name. */
  readonly database: () => Promise<string>
  /** Opens an inbox that is closed after its test. By default, it uses the server's database. */
  readonly open: (options?: MysqlInboxOptions) => ReturnType<typeof mysqlInbox>
}

/** URL of a running server. A workflow of the repository sets it to several versions of MariaDB and MySQL. */
const GIVEN = process.env['POSTERN_MYSQL_URL']

/** Defines tests that need MariaDB. With `own`, the tests get a server that they may stop and configure. */
export function withMariadb(
  name: string,
  define: (mariadb: () => Mariadb) => void,
  { own = false }: { readonly own?: boolean } = {},
): void {
  const given = own ? undefined : GIVEN
  const defined = given === undefined ? needs(mariadbServer).describe : describe
  defined(name, () => {
    let service: Pick<MariadbService, 'url'> & Partial<MariadbService>
    let pool: Pool
    beforeAll(async () => {
      service = given === undefined ? await startMariadb() : { url: given }
      pool = mysql.createPool({ uri: service.url, multipleStatements: true })
    })
    afterAll(async () => {
      await pool?.end()
      await service?.stop?.()
    })
    const rows: Mariadb['rows'] = async (text, values) =>
      (await pool.query<RowDataPacket[]>(text, values))[0]
    define(() => ({
      service: service as MariadbService,
      pool,
      rows,
      async database() {
        const made = `d${randomUUID().replaceAll('-', '').slice(0, 12)}`
        await pool.query(`CREATE DATABASE ${made}`)
        return made
      },
      open(options = {}) {
        const inbox = mysqlInbox({
          ...(!options.pool && { connectionString: service.url }),
          ...options,
        })
        onTestFinished(() => inbox.close())
        return inbox
      },
    }))
  })
}
