import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { parseJson, stringifyJson } from '../../src/body/json.ts'
import { rejection } from './rejection.ts'

const depth = 100
const parse = (text: string): unknown => parseJson(text, { depth })
const exactly = (text: string): unknown => parseJson(text, { depth, exact: true })

test('reads what JSON.parse reads', () => {
  const harmless = fc.json().filter((text) => !text.includes('__proto__'))
  fc.assert(
    fc.property(harmless, (text) => {
      expect(parse(text)).toEqual(JSON.parse(text))
    }),
  )
  expect(parse('\ufeff{"a":1}')).toEqual({ a: 1 })
})

describe('malformed', () => {
  test.each([
    ['', 'it ends too early'],
    ['{"a":', 'it ends too early'],
    ['[1,2', 'it ends too early'],
    ['{"secret":hunter2}', 'unexpected character'],
    ['{"a":1,\n "secret" "hunter2"}', 'unexpected character at position 18'],
    ['[1] hunter2', 'unexpected character at position 4'],
  ])('%j says where and nothing of the payload', (text, where) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ problem: 'not_json', got: expect.stringContaining(where) }),
    )
    expect(rejection(() => parse(text))).toBe('malformed_body')
    try {
      parse(text)
    } catch (error) {
      expect(`${String(error)} ${String((error as Error).cause)}`).not.toMatch(/secret|hunter/)
    }
  })

  test('whatever is cut off or put in is read or rejected', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 4 }),
        fc.nat(),
        fc.constantFrom('', '}', ']', ',', '"', '\\', 'x'),
        (text, at, extra) => {
          const broken = text.slice(0, at % (text.length + 1)) + extra
          const code = rejection(() => parse(broken))
          expect(code === undefined || code === 'malformed_body').toBe(true)
        },
      ),
    )
  })
})

describe('depth', () => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

  test('is bounded, whatever the length of the text and however it ends', () => {
    expect(rejection(() => parse(nested(100)))).toBeUndefined()
    expect(rejection(() => parse(nested(101)))).toBe('too_deep')
    expect(rejection(() => parse('{"a":'.repeat(101) + '1' + '}'.repeat(101)))).toBe('too_deep')
    for (const length of [250, 200_000, 1_000_000]) {
      expect(rejection(() => parse('['.repeat(length)))).toBe('too_deep')
      expect(rejection(() => parse(nested(length)))).toBe('too_deep')
      expect(rejection(() => exactly(`${nested(length)}1234567890123456`))).toBe('too_deep')
    }
  })

  test.each(['1', '"a"', 'null', 'true'])('%s at the last level is not one more', (leaf) => {
    const text = (levels: number): string => `${'['.repeat(levels)}${leaf}${']'.repeat(levels)}`
    expect(rejection(() => parse(text(100)))).toBeUndefined()
    expect(rejection(() => parse(text(101)))).toBe('too_deep')
    const object = `${'{"a":'.repeat(100)}${leaf}${'}'.repeat(100)}`
    expect(rejection(() => parse(object))).toBeUndefined()
  })

  test('counts before the text is found to be malformed', () => {
    for (const text of [`${nested(101)}x`, '['.repeat(101)]) {
      expect(rejection(() => parse(text))).toBe('too_deep')
      expect(rejection(() => exactly(`${text}1234567890123456`))).toBe('too_deep')
    }
    expect(rejection(() => parse(`${nested(100)}x`))).toBe('malformed_body')
  })

  test('brackets and quotes in strings do not count', () => {
    const long = `\\"${'x'.repeat(40)}\\\\\\"`
    expect(
      rejection(() =>
        parse(JSON.stringify({ a: '['.repeat(500), ['{'.repeat(500)]: '"['.repeat(500) })),
      ),
    ).toBeUndefined()
    expect(rejection(() => parse(`[${`"${long}[${long}\\\\",`.repeat(300)}1]`))).toBeUndefined()
    expect(rejection(() => parse(`["${long}]]]]]]",${nested(100)}]`))).toBe('too_deep')
  })

  test('what others put on Object.prototype is not followed', () => {
    const own = Object.prototype as { inherited?: object }
    own.inherited = { of: {} }
    try {
      expect(rejection(() => parse('{"a":{}}'))).toBeUndefined()
    } finally {
      delete own.inherited
    }
  })

  test('has no end where levels are beyond those of recursion', () => {
    const nested = (inner: string): string => `${'['.repeat(299)}${inner}${']'.repeat(299)}`
    const read = (inner: string): string => JSON.stringify(parseJson(nested(inner), { depth: 300 }))
    expect(read('{"a":1,"__proto__":2}')).toBe(nested('{"a":1}'))
    expect(() => read('{"a":{}}')).toThrow(
      expect.objectContaining({ problem: 'too_deep', option: 'limits.depth', limit: 300 }),
    )
  })

  test('many siblings are not deep', () => {
    expect(rejection(() => parse(`[${'[],{},'.repeat(1000)}0]`))).toBeUndefined()
  })

  test('agrees with the depth of the value', () => {
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 8, depthSize: 'large' },
        fc.string({ unit: fc.constantFrom('"', '\\', '[', '{', 'a') }),
        fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(fc.string({ unit: fc.constantFrom('"', '\\', ']', 'a') }), tie('node'), {
          maxKeys: 4,
        }),
      ),
    })).node
    fc.assert(
      fc.property(value, fc.integer({ min: 1, max: 6 }), (given, limit) => {
        // The result must not depend on how much of the text is whitespace.
        for (const space of ['', ' '.repeat(300_000)]) {
          const code = rejection(() => parseJson(space + JSON.stringify(given), { depth: limit }))
          expect(code).toBe(depthOf(given) > limit ? 'too_deep' : undefined)
        }
      }),
    )
  })
})

describe('keys that poison prototypes', () => {
  test.each([
    '{"a":{"__proto__":{"admin":true},"b":1}}',
    '{"a":{"\\u005f_proto_\\u005F":{"admin":true},"b":1}}',
    '{"a":{"constructor":{"prototype":{"admin":true}},"b":1}}',
    '{"a":{"\\u0063onstructor":{"prototype":{"admin":true}},"b":1}}',
  ])('%s', (text) => {
    const { a } = parse(text) as { a: object }
    expect(Object.keys(a)).toEqual(['b'])
    expect(Object.getPrototypeOf(Object.assign({}, a))).toBe(Object.prototype)
  })

  test('in a long text too', () => {
    const text = `${' '.repeat(300_000)}{"a":{"__proto__":{"admin":true},"b":1}}`
    expect(parse(text)).toEqual({ a: { b: 1 } })
  })

  test('beside others, and in lists', () => {
    expect(parse('[{"__proto__":{}},[{"__proto__":{},"a":null,"b":"c"}]]')).toEqual([
      {},
      [{ a: null, b: 'c' }],
    ])
  })

  test.each([
    '{"constructor":null}',
    '{"constructor":{"name":1}}',
    '{"constructor":["prototype"]}',
    '{"constructor":7,"a":{"constructor":true}}',
  ])('%s is kept', (text) => {
    expect(JSON.stringify(parse(text))).toBe(text)
  })

  test('what only looks like them is kept', () => {
    const text = '{"constructor":"Red Bull","note":"__proto__","list":[{"prototype":1}]}'
    expect(JSON.stringify(parse(text))).toBe(text)
  })
})

describe('exact', () => {
  test('integers beyond 2^53 become BigInt, all else stays', () => {
    expect(
      exactly(
        '[9007199254740991,9007199254740992,-12345678901234567890,1.5,1e30,1234567890.12345678]',
      ),
    ).toEqual([
      9007199254740991,
      9007199254740992n,
      -12345678901234567890n,
      1.5,
      1e30,
      1234567890.1234567,
    ])
    expect(exactly('{"id":"12345678901234567890"}')).toEqual({ id: '12345678901234567890' })
    expect(parse('[12345678901234567890]')).toEqual([12345678901234567000])
  })

  test('reading and writing keep every digit', () => {
    const leaf = fc.oneof(
      fc.bigInt().map(String),
      fc.integer().map(String),
      fc.string().map((text) => JSON.stringify(text)),
    )
    fc.assert(
      fc.property(
        fc.array(leaf),
        fc.dictionary(fc.stringMatching(/^k[a-z]*$/), leaf),
        (items, fields) => {
          const members = Object.entries(fields).map(([key, value]) => `"${key}":${value}`)
          const text = `[[${items.join(',')}],{${members.join(',')}}]`
          expect(stringifyJson(exactly(text))).toBe(text)
        },
      ),
    )
  })

  test('an absurd integer is rejected, and not worked on', () => {
    expect(rejection(() => exactly(`[${'9'.repeat(1_000_000)}]`))).toBe('malformed_body')
    expect(() => exactly(`[${'9'.repeat(4097)}]`)).toThrow(
      expect.objectContaining({ problem: 'too_many_digits', limit: 4096 }),
    )
    expect(exactly(`[${'9'.repeat(4096)}]`)).toEqual([BigInt('9'.repeat(4096))])
  })
})

describe('stringifyJson', () => {
  afterEach(() => {
    Reflect.deleteProperty(BigInt.prototype, 'toJSON')
  })

  test('writes BigInt as digits, also where toJSON was patched in', () => {
    const value = { id: 12345678901234567890n, list: [1n, 'a', undefined] }
    expect(stringifyJson(value)).toBe('{"id":12345678901234567890,"list":[1,"a",null]}')
    Object.assign(BigInt.prototype, { toJSON: () => 'patched' })
    expect(stringifyJson(value)).toBe('{"id":12345678901234567890,"list":[1,"a",null]}')
  })

  test('what has no text is null, a cycle is an error', () => {
    expect(stringifyJson(undefined)).toBe('null')
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    expect(() => stringifyJson(cycle)).toThrow(TypeError)
  })
})

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}
