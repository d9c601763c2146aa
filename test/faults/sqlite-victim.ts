import type { DatabaseSync } from 'node:sqlite'
import { sqliteInbox } from '@postern/sqlite'
import { startVictim } from './victim.ts'

const [path = '', journal = ''] = process.argv.slice(2)

startVictim({
  // A short lease, so that what a killed process held runs again within the run.
  inbox: sqliteInbox({ path, lease: '1s', pollInterval: 20 }),
  journal,
  effect: (transaction: DatabaseSync, id) =>
    transaction.prepare('INSERT INTO effects (id) VALUES (?)').run(id),
})
