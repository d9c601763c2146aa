import { oddJournal, type OddJournalScene } from '../../../test/contract/odd-journal.ts'
import { oddRows } from '../../../test/contract/odd-rows.ts'
import { withPostgres } from './postgres.ts'

withPostgres('postgresInbox and rows that cannot be read', (postgres) => {
  oddRows(made)
  oddJournal(made)

  function made(): OddJournalScene {
    const { pool, schema, open } = postgres()
    const name = schema()
    return {
      open: () => open({ schema: name, pollInterval: 500 }),
      change: (statement) => pool.query(statement.replaceAll('postern_', `${name}.postern_`)),
      spans: { table: 'postern_history', spoilt: "'\\xff'" },
    }
  }
})
