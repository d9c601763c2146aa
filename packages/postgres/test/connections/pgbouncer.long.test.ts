// Takes 100 s. With max_prepared_statements (of newer versions) fewer rules matter: pgbouncer.apart.test.ts.
import { describe } from 'vitest'
import { testContract } from '../contract.ts'
import { withPgBouncer } from '../postgres.ts'

describe('behind PgBouncer in transaction mode, without prepared statements of its own', () => {
  withPgBouncer('it keeps the contract', { max_prepared_statements: 0 }, (pooled) => {
    testContract('without prepared statements', () => ({
      url: pooled().bouncer.url,
      server: pooled().pool,
    }))
  })
})
