import { outages } from '../../../../test/contract/outages.ts'
import { postgresInbox } from '../../src/index.ts'
import { withPostgres } from '../postgres.ts'

withPostgres('postgresInbox through an outage', (postgres) => {
  let last = ''
  outages(() => {
    const { service, pool, schema } = postgres()
    return {
      service,
      open: (options) =>
        postgresInbox({ connectionString: service.url, schema: (last = schema()), ...options }),
      async left() {
        const { rows } = await pool.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM ${last}.postern_tasks WHERE state < 2`,
        )
        return rows[0]!.n
      },
    }
  })
})
