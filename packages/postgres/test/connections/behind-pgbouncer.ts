import { describe } from 'vitest'
import { testContract } from '../contract.ts'
import { withPgBouncer } from '../postgres.ts'

/** Half of the contract behind PgBouncer, which loses prepared statements. */
export function testBehindPgBouncer(share: 0 | 1): void {
  describe('behind PgBouncer in transaction mode, without prepared statements of its own', () => {
    withPgBouncer('it keeps the contract', { max_prepared_statements: 0 }, (pooled) => {
      testContract(
        'without prepared statements',
        () => ({ url: pooled().bouncer.url, server: pooled().pool }),
        { share },
      )
    })
  })
}
