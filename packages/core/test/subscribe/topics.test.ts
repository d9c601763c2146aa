import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTopicTable } from '../../src/subscribe/topics.ts'

/** Applies the rules of topic patterns in simple, slow code. */
function matches(pattern: string, topic: string, aliases: readonly string[]): boolean {
  if (!pattern.includes('*')) return [topic, ...aliases].includes(pattern)
  const parts = (text: string): string[] => text.split(/([./:])/)
  const wanted = parts(pattern)
  const given = parts(topic)
  for (const [at, part] of wanted.entries()) {
    if (part === '**') return given.slice(at).join('') !== ''
    if (given[at] === undefined) return false
    if (part === '*' ? given[at] === '' : part !== given[at]) return false
  }
  return wanted.length === given.length
}

const segment = fc.constantFrom('a', 'b', 'issues', 'a b', '', '+', '(', '$&', 'ä', '\n', '{}')
const separator = fc.constantFrom('.', '/', ':')
const joined = (parts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(parts, fc.array(fc.tuple(separator, parts), { maxLength: 3 }))
    .map(([first, rest]) => first + rest.flat().join(''))
const topic = joined(segment)
const pattern = fc
  .tuple(joined(fc.oneof(segment, fc.constant('*'))), fc.constantFrom('', '.**', '/**'))
  .map((parts) => parts.join(''))
  .filter((text) => text.trim() !== '')

test('a table agrees with the rules', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(pattern, { minLength: 1, maxLength: 3 }), { maxLength: 6 }),
      fc.array(fc.tuple(topic, fc.array(topic, { maxLength: 2 })), { minLength: 1, maxLength: 6 }),
      (subscriptions, events) => {
        const table = createTopicTable<number>(2)
        subscriptions.forEach((patterns, at) => table.add(patterns, at))
        for (const [name, aliases] of [...events, ...events]) {
          expect(table.match(name, aliases)).toEqual(
            subscriptions.flatMap((patterns, at) =>
              patterns.some((each) => matches(each, name, aliases)) ? [at] : [],
            ),
          )
        }
      },
    ),
    { numRuns: 1000 },
  )
})

test('aliases with spaces in them are not mixed up', () => {
  const table = createTopicTable<string>()
  table.add(['a b'], 'spaced')
  table.add(['b c'], 'alias')
  expect(table.match('a', ['b c'])).toEqual(['alias'])
  expect(table.match('a b', ['c'])).toEqual(['spaced'])
})

test('a pattern that is added is seen by topics that were asked for before', () => {
  const table = createTopicTable<string>()
  table.add(['*'], 'first')
  expect(table.match('a')).toEqual(['first'])
  table.add(['*'], 'second')
  expect(table.match('a')).toEqual(['first', 'second'])
})

describe('a pattern that could never do what it seems to', () => {
  test.each(['', ' ', 'release.pub*', '***', 'a.**.b', '**.a', 'a**', 7 as never])('%o', (text) => {
    const table = createTopicTable<string>()
    expect(() => table.add([text], 'x')).toThrow(TypeError)
    expect(table.size).toBe(0)
  })

  test('adds nothing, not even the patterns before it', () => {
    const table = createTopicTable<string>()
    expect(() => table.add(['a', 'b*'], 'x')).toThrow('b*')
    expect(table.match('a')).toEqual([])
  })
})

test('topics nobody subscribed to take no room that grows', () => {
  const table = createTopicTable<string>(100)
  table.add(['a.*'], 'x')
  const before = heapUsed()
  for (let at = 0; at < 20_000; at++) table.match(`${at}`.padStart(1000, 'x'))
  // 20,000 topics of 1,000 characters take 20 MB. The 100 topics that the table remembers take 100 KB.
  expect(heapUsed() - before).toBeLessThan(10_000_000)
  expect(table.match('a.b')).toEqual(['x'])
})

/** Returns the used heap after a garbage collection, in bytes. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage().heapUsed
}
