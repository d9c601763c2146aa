import { readFileSync } from 'node:fs'
import type { Vector } from '@postern/testing'

/** Returns the test vectors of a provider, by its name in the catalogue. */
export function vectors(name: string): readonly Vector[] {
  const file = new URL(`../../../test/vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[]
}
