import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Machine } from './machine.ts'
import type { PartResult } from './part.ts'

/** Result of a part, stored as JSON under `.results/`. */
export interface StoredPart {
  readonly name: string
  /** When the measurement ended, in ISO 8601. */
  readonly date: string
  readonly seconds: number
  readonly quick: boolean
  readonly command: string
  /** The measured commit, with a + if files had uncommitted changes. */
  readonly commit: string
  readonly machine: Machine
  /** Load averages of one minute: before the part started, and before it ended. */
  readonly load?: readonly number[]
  readonly result: PartResult
}

export function readStored(folder: string, names: readonly string[]): readonly StoredPart[] {
  return names
    .map((name) => join(folder, `${name}.json`))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as StoredPart)
}
