// `node packages/otel/test/prometheus/dashboard/write.ts` writes dashboard.json from panels.ts; a test checks that it
// is current.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { dashboard } from './dashboard.ts'

const file = new URL('../../../dashboard.json', import.meta.url)
writeFileSync(fileURLToPath(file), `${JSON.stringify(dashboard(), null, 2)}\n`)
