import fc from 'fast-check'
import { expect, test } from 'vitest'
import { weigh, weighMost } from '../../src/basics/room.ts'
import { parseJson } from '../../src/body/json.ts'

const LONG = 'x'.repeat(17_000)
const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const word = fc.string({ unit: fc.constantFrom('a', 'ä', '"', '\\', ' ') })
// Keys have no backslash. V8 13.6 may confuse an escaped key with a key that is the beginning of its source: `"\""`
// with `"\\"`.
const key = fc.string({ unit: fc.constantFrom('a', 'ä', '"', ' ') })
const { value: json } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value')),
  ),
}))

test.each([
  ['at its limit', 300],
  ['without a limit', Infinity],
  ['by recursion', 100],
])('a body that was parsed %s weighs what its bytes say', (_, depth) => {
  fc.assert(
    fc.property(json, (value) => {
      const body = bytesOf([LONG, value])
      parseJson(body.toString(), { depth, bytes: body })
      expect(weigh(body)).toBe(weigh(Buffer.from(body)))
      expect(weigh(body)).toBeLessThanOrEqual(weighMost(body))
    }),
  )
})

test('levels beyond those of recursion count too', () => {
  const body = Buffer.from(`["${LONG}",${'['.repeat(500)}{}${']'.repeat(500)}]`)
  parseJson(body.toString(), { depth: Infinity, bytes: body })
  expect(weigh(body)).toBe(weigh(Buffer.from(body)))
})

test('no body weighs more than the most', () => {
  for (const text of ['[', '{', ',', ':', '[],', '{},', '""', '0,'])
    for (const length of [10, 17_000]) {
      const body = Buffer.from(text.repeat(length))
      expect(weigh(body)).toBeLessThanOrEqual(weighMost(body))
    }
})
