import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSeal } from '../src/seal.ts'

const key = randomBytes(32)

test('opens what it sealed, in its place, and nothing that was changed or moved', () => {
  const seal = createSeal(key)
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.nat(), (text, place, at) => {
      const sealed = seal.seal(text, place)
      expect(seal.open(sealed, place)).toBe(text)
      expect(seal.seal(text, place)).not.toBe(sealed)
      expect(() => seal.open(sealed, `${place}.`)).toThrow('another place')
      const parts = sealed.split('.')
      const flipped = Buffer.from(parts[4]!, 'base64url')
      flipped[at % flipped.length]! ^= 1
      const changed = [...parts.slice(0, 4), flipped.toString('base64url')].join('.')
      expect(() => seal.open(changed, place)).toThrow('was changed')
    }),
    { numRuns: 50 },
  )
})

test('with a new key before the old one, both open and the new one seals', () => {
  const next = randomBytes(32)
  const old = createSeal(key)
  const both = createSeal([next, key])
  expect(both.open(old.seal('text', 'place'), 'place')).toBe('text')
  const sealed = both.seal('text', 'place')
  expect(createSeal(next).open(sealed, 'place')).toBe('text')
  expect(() => old.open(sealed, 'place')).toThrow('a key that is not given')
})

test('takes bytes, base64 and hex, and nothing else', () => {
  const sealed = createSeal(key).seal('text', 'place')
  for (const form of [key.toString('base64'), key.toString('hex')])
    expect(createSeal(form).open(sealed, 'place')).toBe('text')
  for (const wrong of [
    '',
    'a password',
    randomBytes(16),
    [],
    undefined,
    randomBytes(31).toString('hex'),
  ])
    expect(() => createSeal(wrong as never)).toThrow('key must')
})
