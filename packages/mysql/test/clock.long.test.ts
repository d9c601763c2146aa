import { createPool } from 'mysql2/promise'
import { serverSteps } from '../../../test/clocks/server-steps.ts'
import { startMariadb } from '../../../test/services/mariadb.ts'
import { mariadbServer } from '../../../test/services/programs.ts'
import { mysqlInbox } from '../src/index.ts'

serverSteps("steps of MariaDB's clock", mariadbServer, async (env) => {
  const service = await startMariadb({ env })
  const pool = createPool(service.url)
  return {
    query: async (text) => (await pool.query(text))[0] as unknown as readonly unknown[],
    open: (database, options) =>
      mysqlInbox({ connectionString: service.url, database, ...options }),
    async stop() {
      await pool.end()
      await service.stop()
    },
  }
})
