import { describe } from 'vitest'
import { testContract } from '../contract.ts'
import { withPgBouncer } from '../postgres.ts'

/** The contract behind PgBouncer, which keeps so many prepared statements: it loses them all at 0. */
export function testBehindPgBouncer(statements: number, without: readonly string[] = []): void {
  describe(`behind PgBouncer in transaction mode, with ${statements} prepared statements`, () => {
    withPgBouncer('it keeps the contract', { max_prepared_statements: statements }, (pooled) => {
      testContract('pooled', () => ({ url: pooled().bouncer.url, server: pooled().pool }), {
        without,
      })
    })
  })
}
