import type { Inbox } from '@postern/core/inbox'
import { afterEach } from 'vitest'
import { oddRows } from '../../../test/contract/odd-rows.ts'
import { postgresInbox } from '../src/index.ts'
import { withPostgres } from './postgres.ts'

withPostgres('postgresInbox and rows that cannot be read', (postgres) => {
  let opened: Inbox[] = []
  afterEach(async () => {
    await Promise.all(opened.map((inbox) => inbox.close()))
    opened = []
  })
  oddRows(() => {
    const { service, pool, schema } = postgres()
    const name = schema()
    return {
      open() {
        const inbox = postgresInbox({ connectionString: service.url, schema: name })
        opened.push(inbox)
        return inbox
      },
      change: (statement) => pool.query(statement.replaceAll('postern_', `${name}.postern_`)),
    }
  })
})
