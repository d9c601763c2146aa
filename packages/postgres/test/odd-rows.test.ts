import type { Inbox } from '@postern/core/inbox'
import { afterEach } from 'vitest'
import { oddJournal, type OddJournalScene } from '../../../test/contract/odd-journal.ts'
import { oddRows } from '../../../test/contract/odd-rows.ts'
import { postgresInbox } from '../src/index.ts'
import { withPostgres } from './postgres.ts'

withPostgres('postgresInbox and rows that cannot be read', (postgres) => {
  let opened: Inbox[] = []
  afterEach(async () => {
    await Promise.all(opened.map((inbox) => inbox.close()))
    opened = []
  })
  oddRows(made)
  oddJournal(made)

  function made(): OddJournalScene {
    const { service, pool, schema } = postgres()
    const name = schema()
    return {
      open() {
        const inbox = postgresInbox({ connectionString: service.url, schema: name })
        opened.push(inbox)
        return inbox
      },
      change: (statement) => pool.query(statement.replaceAll('postern_', `${name}.postern_`)),
      spans: { table: 'postern_history', spoilt: "'\\xff'" },
    }
  }
})
