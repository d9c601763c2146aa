// `node packages/providers/test/write.ts` writes the lists of providers, and core's table of the credentials of all senders,
// which a test compares.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeLists } from './lists.ts'

writeLists()
// The providers are loaded once the catalogue has them all.
const { TABLE, wantedTable } = await import('./credentials.ts')
writeFileSync(fileURLToPath(TABLE), wantedTable())
