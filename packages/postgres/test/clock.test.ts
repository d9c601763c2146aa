import pg from 'pg'
import { serverSteps } from '../../../test/clocks/server-steps.ts'
import { startPostgres } from '../../../test/services/postgres.ts'
import { postgresServer } from '../../../test/services/programs.ts'
import { postgresInbox } from '../src/index.ts'

serverSteps("steps of PostgreSQL's clock", postgresServer, async (env) => {
  const service = await startPostgres(env)
  const pool = new pg.Pool({ connectionString: service.url })
  pool.on('error', () => {})
  return {
    query: async (text) => (await pool.query(text)).rows,
    open: (schema, options) => postgresInbox({ connectionString: service.url, schema, ...options }),
    async stop() {
      await pool.end()
      await service.stop()
    },
  }
})
