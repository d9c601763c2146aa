import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeyTable } from '../../../src/inbox/memory/key-table.ts'

// Few letters, so that keys repeat; some stand for others in UTF-8, or make a key too long for its row.
const key = fc
  .array(fc.constantFrom('a', 'b', '\0', 'ä', '\u{1f600}', '\ud800', '\udc00', 'x'.repeat(30)), {
    maxLength: 4,
  })
  .map((parts) => parts.join(''))

test('finds what was added and not removed, each at a place of its own', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.boolean()), { maxLength: 200 }), (steps) => {
      const table = createKeyTable()
      const places = new Map<string, number>()
      for (const [one, remove] of steps) {
        const known = places.get(one)
        expect(table.find(one)).toBe(known ?? -1)
        if (known === undefined) {
          const place = table.add(one)
          expect([...places.values()]).not.toContain(place)
          places.set(one, place)
        } else if (remove) {
          table.remove(known)
          places.delete(one)
        }
      }
      for (const [one, place] of places) expect(table.find(one)).toBe(place)
    }),
  )
})

test('grows, and takes places again', () => {
  const table = createKeyTable()
  const places = new Map<string, number>()
  for (let at = 0; at < 20_000; at++) {
    places.set(`id-${at}`, table.add(`id-${at}`))
    const gone = `id-${at - 5000}`
    const place = places.get(gone)
    if (place === undefined) continue
    table.remove(place)
    places.delete(gone)
    expect(table.find(gone)).toBe(-1)
  }
  for (const [one, place] of places) expect(table.find(one)).toBe(place)
  expect(new Set(places.values()).size).toBe(places.size)
  expect(Math.max(...places.values())).toBeLessThanOrEqual(5000)
})

test('tells keys apart that differ in their last character only, whatever their length', () => {
  const table = createKeyTable()
  const places = new Set<number>()
  for (let length = 0; length < 70; length++)
    for (const first of ['', 'ä', '\ud800'])
      for (const last of ['b', 'c', '\0', 'ö']) {
        const one = first + 'a'.repeat(length) + last
        expect(table.find(one)).toBe(-1)
        places.add(table.add(one))
      }
  expect(places.size).toBe(70 * 3 * 4)
})
