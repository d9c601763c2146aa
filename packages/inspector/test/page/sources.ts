import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = join(import.meta.dirname, '..', '..')
const KEPT = join(PACKAGE, 'pictures', 'sources.json')

/** The hash of all that the page is made of: a picture of another page is no picture of this one. */
function hashOfSources(): string {
  const hash = createHash('sha256')
  for (const file of globSync('page/**/*.{ts,tsx,css}', { cwd: PACKAGE }).toSorted())
    hash.update(file).update(readFileSync(join(PACKAGE, file)))
  return hash.digest('hex')
}

function kept(): Record<string, string> {
  return JSON.parse(readFileSync(KEPT, 'utf8')) as Record<string, string>
}

/** Keeps beside pictures that were just taken what they show. */
export function keepSources(...pictures: readonly string[]): void {
  const hash = hashOfSources()
  const all = { ...kept(), ...Object.fromEntries(pictures.map((picture) => [picture, hash])) }
  writeFileSync(KEPT, `${JSON.stringify(all, undefined, 2)}\n`)
}

/** Pictures that show a page of before. */
export function stalePictures(): readonly string[] {
  const hash = hashOfSources()
  return Object.entries(kept()).flatMap(([picture, one]) => (one === hash ? [] : [picture]))
}
