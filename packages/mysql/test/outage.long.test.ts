import { outages } from '../../../test/contract/outages.ts'
import { mysqlInbox } from '../src/index.ts'
import { withMariadb } from './mariadb.ts'

withMariadb(
  'mysqlInbox through an outage',
  (mariadb) => {
    let made = 0
    outages(() => {
      const { service, rows } = mariadb()
      return {
        service,
        open: (options) =>
          mysqlInbox({ connectionString: service.url, database: `outage${++made}`, ...options }),
        async left() {
          const found = await rows(
            `SELECT COUNT(*) AS n FROM outage${made}.postern_tasks WHERE state < 2`,
          )
          return Number(found[0]!['n'])
        },
      }
    })
  },
  { own: true },
)
