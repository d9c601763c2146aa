import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = join(import.meta.dirname, '..', '..')
const KEPT = join(PACKAGE, 'pictures', 'sources.json')

const PAGE = 'page/**/*.{ts,tsx,css}'
// What the terminal of a film prints.
const TERMINAL = '../cli/src/{print/*,send/*,commands/explain,commands/send}.ts'
const SHOWS: Readonly<Record<string, readonly string[]>> = {
  'film.gif': [PAGE, TERMINAL],
  'film-terminal.gif': [TERMINAL],
}

/** The hash of all that a picture shows: with other sources it is a picture of something else. */
function hashOf(picture: string): string {
  const hash = createHash('sha256')
  for (const file of globSync(SHOWS[picture] ?? [PAGE], { cwd: PACKAGE }).toSorted())
    hash.update(file).update(readFileSync(join(PACKAGE, file)))
  return hash.digest('hex')
}

function kept(): Record<string, string> {
  return JSON.parse(readFileSync(KEPT, 'utf8')) as Record<string, string>
}

/** Stores the hash of the sources of new pictures. */
export function keepSources(...pictures: readonly string[]): void {
  const now = pictures.map((picture) => [picture, hashOf(picture)] as const)
  const all = { ...kept(), ...Object.fromEntries(now) }
  writeFileSync(KEPT, `${JSON.stringify(all, undefined, 2)}\n`)
}

/** Pictures that show a page of before. */
export function stalePictures(): readonly string[] {
  return Object.entries(kept()).flatMap(([picture, hash]) =>
    hash === hashOf(picture) ? [] : [picture],
  )
}
