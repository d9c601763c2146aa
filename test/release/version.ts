// `npm run release -- version` turns the unreleased changesets into a version, and adds each once to CHANGELOG.md.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../pack/must.ts'
import { root } from '../run/report.ts'
import { changelog, readChangeset } from './changelog.ts'
import { published } from './home.ts'

const waiting = globSync('.changeset/*.md', { cwd: root })
  .filter((file) => !file.endsWith('README.md'))
  .sort()
  .map((file) => readChangeset(readFileSync(join(root, file), 'utf8')))
if (waiting.length === 0) {
  console.error('.changeset: has no change that waits; write one with npm run changeset')
  process.exit(1)
}
// changeset asks pnpm for the workspace's packages.
await must('npx', ['-y', '-p', 'pnpm@12', '-c', 'changeset version'], { cwd: root })
const [{ manifest }] = published() as [ReturnType<typeof published>[0]]
const file = join(root, 'CHANGELOG.md')
const day = new Date().toISOString().slice(0, 10)
writeFileSync(file, changelog(readFileSync(file, 'utf8'), manifest.version, day, waiting))
