import { postgresInbox, type PgTransaction } from '@postern/postgres'
import { startVictim } from './victim.ts'

const [connectionString = '', journal = ''] = process.argv.slice(2)

startVictim({
  // Short lease, so that tasks of a killed process run again within the run.
  inbox: postgresInbox({ connectionString, lease: '1s', pollInterval: 50 }),
  journal,
  effect: (transaction: PgTransaction, id) =>
    transaction.query('INSERT INTO effects (id) VALUES ($1)', [id]),
})
