// `node packages/providers/test/write.ts` writes the lists of providers, and core's table of credentials. A test checks
// that the table is current.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeLists } from './lists.ts'

writeLists()
// The import comes after `writeLists`, so that the catalogue has all providers.
const { TABLE, wantedTable } = await import('./credentials.ts')
writeFileSync(fileURLToPath(TABLE), wantedTable())
