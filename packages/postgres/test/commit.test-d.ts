import { expectTypeOf, test } from 'vitest'
import { createReceiver } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { postgresInbox, type PgTransaction, type RunSql } from '../src/index.ts'

declare const provider: Provider
declare const run: RunSql

test("task.commit hands out a client, or takes the app's own transaction", () => {
  const inbox = postgresInbox({ connectionString: 'postgres://localhost' })
  createReceiver({ provider, inbox }).on('paid', async (_, task) => {
    const { rows } = await task.commit((transaction) => {
      expectTypeOf(transaction).toEqualTypeOf<PgTransaction>()
      return transaction.query('SELECT 1')
    })
    expectTypeOf(rows).toBeArray()
    expectTypeOf(task.commit({ in: run })).toEqualTypeOf<Promise<void>>()
  })
})
