// Takes 200 s.
import { describe } from 'vitest'
import { testContract } from '../contract.ts'
import { withPgBouncer } from '../postgres.ts'

describe.each([
  ['with max_prepared_statements', { max_prepared_statements: 200 }],
  ['without prepared statements of its own', { max_prepared_statements: 0 }],
] as const)('behind PgBouncer in transaction mode, %s', (title, settings) => {
  withPgBouncer('it keeps the contract', settings, (pooled) => {
    testContract(title, () => ({ url: pooled().bouncer.url, server: pooled().pool }))
  })
})
