import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const entry = join(import.meta.dirname, '../src/request/request-file.ts')

/** Returns the modules that a file and its relative imports load at run time. */
function importsOf(file: string, seen = new Set<string>()): readonly string[] {
  if (seen.has(file)) return []
  seen.add(file)
  const source = readFileSync(file, 'utf8')
  return Array.from(
    source.matchAll(/^(?:import|export)(?! type)[^'"`;]* from '([^']+)'/gm),
    ([, from]) => from!,
  ).flatMap((from) => (from.startsWith('.') ? importsOf(join(dirname(file), from), seen) : [from]))
}

test('postern/request runs in a browser: it needs core, and of Node.js the Buffer that bundlers replace', () => {
  expect([...new Set(importsOf(entry))].toSorted()).toEqual([
    '@postern/core/internal',
    'node:buffer',
  ])
})
