import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Description } from '../descriptions/description.ts'

/** A description from `descriptions/`. */
export function load(name: string): Description {
  const file = join(import.meta.dirname, '../descriptions', `${name}.json`)
  return JSON.parse(readFileSync(file, 'utf8')) as Description
}
