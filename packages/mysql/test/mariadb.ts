import { randomUUID } from 'node:crypto'
import mysql, { type Pool, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest'
import { startMariadb, type MariadbService } from '../../../test/services/mariadb.ts'
import { needs } from '../../../test/services/needs.ts'
import { mariadbServer } from '../../../test/services/programs.ts'
import { mysqlInbox, type MysqlInboxOptions } from '../src/index.ts'

/** A MariaDB of the tests of one file. */
export interface Mariadb {
  readonly service: MariadbService
  /** A pool as an app has it: with the settings of the driver and the server. */
  readonly pool: Pool
  /** Rows of a statement. */
  readonly rows: (text: string, values?: unknown[]) => Promise<readonly RowDataPacket[]>
  /** Makes a database of its own, and returns its name. */
  readonly database: () => Promise<string>
  /** Opens an inbox, on the server's database unless another is named. It is closed with its test. */
  readonly open: (options?: MysqlInboxOptions) => ReturnType<typeof mysqlInbox>
}

/** A server that is there, of any version of MariaDB or MySQL: a workflow of the repository gives each. */
const GIVEN = process.env['POSTERN_MYSQL_URL']

/** Defines tests that need a MariaDB; with `own`, one that they may end, stop and configure. */
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
