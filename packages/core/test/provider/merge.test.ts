import { expect, test } from 'vitest'
import { mergeDeep } from '../../src/basics/index.ts'

test('members are merged, anything else is replaced', () => {
  const base = { event: { type: 'message', text: '', blocks: [1, 2] }, at: 1 }
  expect(mergeDeep(base, { event: { text: 'hi', blocks: [3] }, more: { a: 1 } })).toEqual({
    event: { type: 'message', text: 'hi', blocks: [3] },
    at: 1,
    more: { a: 1 },
  })
  expect(base.event.text).toBe('')
  expect(mergeDeep(base, undefined)).toBe(base)
  expect(mergeDeep(base, { event: null })).toEqual({ event: null, at: 1 })
  const date = new Date(0)
  expect(mergeDeep({ at: { a: 1 } } as object, { at: date })).toEqual({ at: date })
})

test('a member named __proto__ stays a member', () => {
  const merged = mergeDeep({ a: {} }, JSON.parse('{"a":{"__proto__":{"polluted":1}}}'))
  expect(Object.hasOwn(merged.a, '__proto__')).toBe(true)
  expect((merged.a as { polluted?: unknown }).polluted).toBeUndefined()
})
