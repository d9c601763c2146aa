import type { DatabaseSync } from 'node:sqlite'
import { sqliteInbox } from '@postern/sqlite'
import { startVictim } from './victim.ts'

const [path = '', journal = ''] = process.argv.slice(2)

startVictim({
  // Short lease, so that tasks of a killed process run again within the run.
  inbox: sqliteInbox({ path, lease: '1s', pollInterval: 20 }),
  journal,
  effect: (transaction: DatabaseSync, id) =>
    transaction.prepare('INSERT INTO effects (id) VALUES (?)').run(id),
})
