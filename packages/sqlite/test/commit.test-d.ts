import type { DatabaseSync, StatementResultingChanges } from 'node:sqlite'
import { expectTypeOf, test } from 'vitest'
import { createReceiver } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { sqliteInbox } from '../src/index.ts'

declare const provider: Provider

test("task.commit hands out the inbox's connection", () => {
  createReceiver({ provider, inbox: sqliteInbox({ path: 'inbox.db' }) }).on('paid', (_, task) => {
    const changed = task.commit((database) => {
      expectTypeOf(database).toEqualTypeOf<DatabaseSync>()
      return database.prepare('INSERT INTO payment VALUES (1)').run()
    })
    expectTypeOf(changed).toEqualTypeOf<StatementResultingChanges>()
  })
})
