import { oddJournal, type OddJournalScene } from '../../../test/contract/odd-journal.ts'
import { oddRows } from '../../../test/contract/odd-rows.ts'
import { pack, unpack } from '../src/store/contents.ts'
import { withMariadb } from './mariadb.ts'

withMariadb('mysqlInbox and rows that cannot be read', (mariadb) => {
  oddRows(made)
  oddJournal(made)

  function made(): OddJournalScene {
    const { rows, database, open } = mariadb()
    let name: string | undefined
    const its = (statement: string): string =>
      // `key` is a reserved word in MySQL.
      statement.replaceAll('postern_', `${name}.postern_`).replaceAll(/\bkey (?==|LIKE)/g, '`key` ')
    return {
      async open() {
        name ??= await database()
        return open({ database: name })
      },
      change: (statement) => rows(its(statement)),
      async spoil(part, value) {
        const [row] = await rows(its("SELECT packed FROM postern_events WHERE event_id = 'odd'"))
        const before = unpack((row as unknown as { packed: Buffer }).packed)
        const packed = pack({ ...before, [part]: value })
        const delivery = value === null ? 4711 : null
        await rows(
          its("UPDATE postern_events SET packed = ?, delivery = ? WHERE event_id = 'odd'"),
          [packed, delivery],
        )
      },
      spans: { table: 'postern_history', spoilt: "x'ff'" },
    }
  }
})
