import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'
import { vectors } from './vectors.ts'
import { current, wanted } from './lists.ts'

const source = fileURLToPath(new URL('../src/', import.meta.url))
const known = readdirSync(new URL('../../../test/vectors/', import.meta.url))
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace(/\.json$/, ''))

describe('the catalogue', () => {
  test('is sorted and names each provider once', () => {
    const names = [...catalogue.keys()]
    expect(names).toEqual(names.toSorted())
    expect(new Set(names).size).toBe(names.length)
  })

  test('is what the script writes, and so is the index', () => {
    for (const [file, text] of wanted()) expect(current(file)).toBe(text)
  })

  test('has vectors for each of its providers', () => {
    for (const name of catalogue.keys()) expect(known).toContain(name)
  })

  test.each([...catalogue.values()].filter((entry) => entry.secretOption !== undefined))(
    '$name rejects an invalid secret, and names the option',
    (entry) => {
      const { name, secretOption } = entry
      const extra = vectors(name).find((vector) => vector.secret !== undefined)?.extra
      // Some senders get their secret by a handshake, fetch public keys, or need no secret. Their providers accept a
      // missing secret.
      const optional =
        name === 'fal' ||
        vectors(name).some(({ secret, expect: verdict }) => !secret && verdict === 'valid')
      const absent = optional ? [] : [undefined, null]
      for (const secret of ['', ' ', '\t\n', [], '<your-secret>', 'whsec_...', ...absent]) {
        expect(() => entry.create({ ...extra, [secretOption!]: secret })).toThrow(TypeError)
        expect(() => entry.create({ ...extra, [secretOption!]: secret })).toThrow(secretOption!)
      }
    },
  )
})

describe('a provider imported by itself', () => {
  const fileOf = (name: string): string => join(source, `${name.replaceAll('.', '-')}.ts`)
  const files = new Set([...catalogue.keys()].map(fileOf))

  test.each([...catalogue.keys()])('%s pulls in no other provider', (name) => {
    const own = fileOf(name)
    const others = [...imported(own)].filter((file) => files.has(file) && file !== own)
    expect(others.map((file) => relative(source, file))).toEqual([])
  })
})

function imported(file: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g))
    imported(join(dirname(file), path!), seen)
  return seen
}
