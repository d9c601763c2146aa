import { postgresInbox, type PgTransaction } from '@postern/postgres'
import { startVictim } from './victim.ts'

const [connectionString = '', journal = '', role = ''] = process.argv.slice(2)

startVictim({
  // A short lease, so that what a killed process held runs again within the run.
  inbox: postgresInbox({ connectionString, lease: '1s', pollInterval: 50 }),
  journal,
  listens: role === 'web',
  effect: (transaction: PgTransaction, id) =>
    transaction.query('INSERT INTO effects (id) VALUES ($1)', [id]),
})
