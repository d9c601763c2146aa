// Takes 60 s.
import { testContract } from './contract.ts'
import { withMariadb } from './mariadb.ts'

withMariadb('mysqlInbox', (mariadb) => {
  testContract('mysqlInbox', mariadb, ({ service }) => ({ connectionString: service.url }))
})
