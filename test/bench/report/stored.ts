import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Machine } from './machine.ts'
import type { PartResult } from './part.ts'

/** A part as it was measured, kept as JSON under `.results/`. */
export interface StoredPart {
  readonly name: string
  /** When it ended, ISO 8601. */
  readonly date: string
  readonly seconds: number
  readonly quick: boolean
  readonly command: string
  /** What was measured; with a + if files were changed since. */
  readonly commit: string
  readonly machine: Machine
  /** Processes that wanted a core in the minute before it began, and in the one before it ended. */
  readonly load?: readonly number[]
  readonly result: PartResult
}

/** The parts that are there, in the order of the names. */
export function readStored(folder: string, names: readonly string[]): readonly StoredPart[] {
  return names
    .map((name) => join(folder, `${name}.json`))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as StoredPart)
}
