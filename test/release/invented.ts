import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pnpm } from '../pack/pnpm.ts'
import { must } from '../pack/must.ts'

const TABLES = 'packages/sqlite/src/sql/tables.ts'
const STEP =
  "ALTER TABLE postern_events ADD COLUMN note TEXT; UPDATE postern_events SET note = 'on ' || topic"

/**
 * Packs `@postern/sqlite` of a clone once more, with an invented step of the database layout. An upgrade test needs a
 * migration, and version 1 has no successor yet. Remove this once version 2 exists. Returns the tarball.
 * @throws Error if the list of steps does not have the expected end.
 */
export async function packInvented(clone: string, version: string, out: string): Promise<string> {
  const tables = join(clone, TABLES)
  const text = await readFile(tables, 'utf8')
  if (!text.endsWith('\n]\n')) throw new Error(`${TABLES} does not end with the steps`)
  await writeFile(tables, `${text.slice(0, -2)}  { change: ${JSON.stringify(STEP)} },\n]\n`)
  await setVersion(join(clone, 'packages/sqlite'), version)
  await must(join(clone, 'node_modules/node/bin/node'), ['packages/build.ts'], {
    cwd: clone,
    env: { PATH: [join(clone, 'node_modules/.bin'), process.env['PATH']].join(':') },
  })
  await pnpm(['--filter', '@postern/sqlite', 'pack', '--pack-destination', out], clone)
  return join(out, `postern-sqlite-${version}.tgz`)
}

/** Writes a version into the package.json of a folder. */
export async function setVersion(folder: string, version: string): Promise<void> {
  const file = join(folder, 'package.json')
  const manifest = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...manifest, version }, null, 2))
}
