import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joined } from '../src/schemes/ids.ts'

const part = fc.oneof(
  fc.string({ unit: fc.constantFrom(':', '%', '3A', 'a', 'T', '-', '00', '2024-01-01T12') }),
  fc.constantFrom('2024-01-01T12:00:00Z', '2024-01-01T12', '00', '00Z', '%2024-01-01T12'),
)
const list = fc.array(part, { minLength: 2, maxLength: 5 })

test('two lists of parts never make one id', () => {
  fc.assert(
    fc.property(list, list, (one, other) => {
      if (JSON.stringify(one) !== JSON.stringify(other)) expect(joined(one)).not.toBe(joined(other))
    }),
    { numRuns: 20_000 },
  )
})

test('parts without colons and ISO times are joined as they are', () => {
  expect(joined(['a', 1, '2024-01-01T12:00:00.123+02:00', ''])).toBe(
    'a:1:2024-01-01T12:00:00.123+02:00:',
  )
  expect(joined(['a:b', 'c'])).not.toBe(joined(['a', 'b:c']))
})
