import { mysqlInbox, type MysqlTransaction } from '@postern/mysql'
import { startVictim } from './victim.ts'

const [connectionString = '', journal = ''] = process.argv.slice(2)

startVictim({
  // Short lease, so that tasks of a killed process run again within the run.
  inbox: mysqlInbox({ connectionString, lease: '1s', pollInterval: 50 }),
  journal,
  effect: (transaction: MysqlTransaction, id) =>
    transaction.query('INSERT INTO effects (id) VALUES (?)', [id]),
})
