import { mysqlInbox, type MysqlTransaction } from '@postern/mysql'
import { startVictim } from './victim.ts'

const [connectionString = '', journal = ''] = process.argv.slice(2)

startVictim({
  // A short lease, so that what a killed process held runs again within the run.
  inbox: mysqlInbox({ connectionString, lease: '1s', pollInterval: 50 }),
  journal,
  effect: (transaction: MysqlTransaction, id) =>
    transaction.query('INSERT INTO effects (id) VALUES (?)', [id]),
})
