import { describe } from 'vitest'
import { testContract } from '../contract.ts'
import { withPgBouncer } from '../postgres.ts'

/** Defines the contract tests behind a PgBouncer that keeps this number of prepared statements. With 0, it loses all. */
export function testBehindPgBouncer(statements: number, without: readonly string[] = []): void {
  describe(`behind PgBouncer in transaction mode, with ${statements} prepared statements`, () => {
    withPgBouncer('it keeps the contract', { max_prepared_statements: statements }, (pooled) => {
      testContract('pooled', () => ({ url: pooled().bouncer.url, server: pooled().pool }), {
        without,
      })
    })
  })
}
