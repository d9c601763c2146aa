// `npm run test:docs -- links`: builds the site and follows every link. `test:all` runs it.
import { join } from 'node:path'
import { buildSite } from '../build.ts'
import { followLinks } from './links.ts'

await buildSite()
const { links, external, broken } = followLinks(join(import.meta.dirname, '..', 'dist'))
for (const { page, to } of broken) console.log(`${page} links to ${to}, which is not there`)
console.log(`${links} links, ${broken.length} broken; ${external} to other hosts were not asked`)
if (broken.length > 0) process.exitCode = 1
