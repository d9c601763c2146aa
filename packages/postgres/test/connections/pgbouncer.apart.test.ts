// Takes 100 s: `npm test -- apart`.
import { describe } from 'vitest'
import { testContract } from '../contract.ts'
import { withPgBouncer } from '../postgres.ts'

describe('behind PgBouncer in transaction mode, with max_prepared_statements', () => {
  withPgBouncer('it keeps the contract', { max_prepared_statements: 200 }, (pooled) => {
    testContract('with max_prepared_statements', () => ({
      url: pooled().bouncer.url,
      server: pooled().pool,
    }))
  })
})
