import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = join(import.meta.dirname, '..', '..')
const KEPT = join(PACKAGE, 'pictures', 'sources.json')

const PAGE = 'page/**/*.{ts,tsx,css}'
// Sources of the terminal output that films show.
const TERMINAL = '../cli/src/{print/*,send/*,commands/explain,commands/send}.ts'
const SHOWS: Readonly<Record<string, readonly string[]>> = {
  'film.gif': [PAGE, TERMINAL],
  'film-terminal.gif': [TERMINAL],
}

/** Returns a hash of the sources of what a picture shows. If the hash differs, the picture is out of date. */
function hashOf(picture: string): string {
  const hash = createHash('sha256')
  for (const file of globSync(SHOWS[picture] ?? [PAGE], { cwd: PACKAGE }).toSorted())
    hash.update(file).update(readFileSync(join(PACKAGE, file)))
  return hash.digest('hex')
}

function kept(): Record<string, string> {
  return JSON.parse(readFileSync(KEPT, 'utf8')) as Record<string, string>
}

export function keepSources(...pictures: readonly string[]): void {
  const now = pictures.map((picture) => [picture, hashOf(picture)] as const)
  const all = { ...kept(), ...Object.fromEntries(now) }
  writeFileSync(KEPT, `${JSON.stringify(all, undefined, 2)}\n`)
}

/** Returns the names of pictures that are out of date. */
export function stalePictures(): readonly string[] {
  return Object.entries(kept()).flatMap(([picture, hash]) =>
    hash === hashOf(picture) ? [] : [picture],
  )
}
